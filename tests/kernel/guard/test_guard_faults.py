"""Faults that a test leaves are healed by the guard, and noted with who healed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkFault
from pytest_netns_mysql.kernel.guard.guard import Guard
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Met = Callable[..., str]
BY = "the cleaning after test_shop.py::test_it"
NAMED = from_mapping(
    {
        "namespaces": {
            "red": {"address": ["192.0.2.2/24", "2001:db8::2/64"], "hosts": ["red.test"], "rate": "100mbit"},
            "blue": {"address": ["198.51.100.2/24", "2001:db8:1::2/64"]},
        }
    }
)
CAUSES: dict[str, Callable[[Network], NetworkFault]] = {
    "down": lambda network: network.link("red").down(),
    "rate": lambda network: network.link("red").shape(rate="1mbit"),
    "loss": lambda network: network.link("red").shape(loss="50%"),
    "address": lambda network: network.link("red").without_address(),
    "routes": lambda network: network.partition("red"),
    "others": lambda network: network.partition("red", others=["blue"]),
    "port": lambda network: network.partition("red", port=3306),
    "drop": lambda network: network.partition("red", action="drop"),
    "names": lambda network: network.without_names(),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_fault_that_is_left_is_healed(
    in_network: InNetwork, looked_at: Callable[[Network], list[str]], met: Met, cause: str
) -> None:
    def action(network: Network) -> tuple[Any, ...]:
        guard = Guard(network)
        before = looked_at(network)
        fault = CAUSES[cause](network)
        result = guard.put_back(BY)
        assert result is not None
        now = looked_at(network)
        fault.heal()  # which is done already
        with CAUSES[cause](network):  # anew
            pass
        after = guard.put_back(BY)
        assert looked_at(network) == before
        noted = [(known.what, known.healed_by) for known in network.fault_log.healed]
        return result, after, before == now, fault.what, noted, met(network, "blue", "red", "192.0.2.2")

    result, after, is_restored, what, noted, origin = in_network(NAMED, action)
    assert result.found[0] == what
    assert len(result.found) > 1  # and what it is in iproute2's words
    assert result.stays == ()
    assert after is None or after.found == ()
    assert is_restored
    assert noted == [(what, BY), (what, "")]
    assert origin == "198.51.100.2"


def test_a_fault_by_other_means_is_noted_in_the_words_of_the_guard(in_network: InNetwork) -> None:
    def action(network: Network) -> list[tuple[str, tuple[str, ...], str]]:
        guard = Guard(network)
        network.link("red").down()
        network["blue"].run(["ip", "route", "del", "default"], check=True)
        guard.put_back(BY)
        return [(fault.what, fault.namespaces, fault.healed_by) for fault in network.fault_log.healed]

    assert in_network(load("red-blue"), action) == [
        ("the link of red to global is down", ("red", "global"), BY),
        ("blue: route default via 198.51.100.1 dev vpeer-blue is gone", ("blue",), BY),
    ]


def test_a_fault_of_a_wider_fixture_stays_in_force(in_network: InNetwork) -> None:
    def action(network: Network) -> list[list[str]]:
        def in_force() -> list[str]:
            return [fault.what for fault in network.fault_log.in_force]

        guard = Guard(network)
        network.link("red").shape(rate="1mbit")
        guard.settle()
        network.link("red").down()
        with guard.accepting():
            network.partition("blue", port=3306)
        seen = [in_force()]
        guard.put_back(BY)
        seen.append(in_force())
        guard.enter("module")
        network.link("blue").shape(loss="1%")
        guard.put_back(BY)
        guard.leave("module")
        guard.put_back(BY)
        return [*seen, in_force()]

    slow, down = "the link of red to global is limited to 1mbit", "the link of red to global is down"
    port = "port 3306 between blue and global, red is rejected"
    assert in_network(load("red-blue"), action) == [[slow, down, port], [slow, port], [slow, port]]


def test_a_link_that_a_wider_fixture_took_down_is_healed_whole_after_a_test_took_it_up(
    in_network: InNetwork, looked_at: Callable[[Network], list[str]], output: Callable[..., str]
) -> None:
    def action(network: Network) -> tuple[list[str], bool]:
        guard = Guard(network)
        before = looked_at(network)
        fault = network.link("red").down()
        guard.enter("module")
        states = []
        for _ in range(2):  # tests
            network.link("red").up()
            guard.put_back(BY)
            states.append(output(network, "global", "ip", "-brief", "link", "show", "veth-red").split()[1])
        fault.heal()
        return states, looked_at(network) == before

    assert in_network(load("dual-stack"), action) == (["DOWN", "DOWN"], True)


def test_changes_can_be_looked_at_before_they_are_put_back(in_network: InNetwork) -> None:
    def action(network: Network) -> list[tuple[str, ...]]:
        guard = Guard(network)
        seen = [guard.changes()]
        network["red"].run(["ip", "link", "set", "vpeer-red", "down"], check=True)
        seen += [guard.changes(), guard.changes()]
        result = guard.put_back(BY)
        assert result is not None
        return [*seen, result.found, guard.changes()]

    found = ("red: link vpeer-red is down, was up", "red: route default via 192.0.2.1 dev vpeer-red is gone")
    assert in_network(load("red-blue"), action) == [(), found, found, found, ()]


def test_faults_end_with_their_network(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        fault = network.partition("red", port=3306)
        network._close()
        fault.heal()  # the namespaces cannot be entered any more
        return [known.healed_by for known in network.fault_log.healed]

    assert in_network(load("red-blue"), action) == ["the end of the network"]
