"""Links that are taken down and up, and how a namespace with several links names one of them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import NetworkFault
from pytest_netns_mysql.errors import NetworkError, UnknownNamespaceError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Met = Callable[..., str]
Output = Callable[..., str]


def test_a_link_goes_down_and_up_and_keeps_the_routes(in_network: InNetwork, met: Met, output: Output) -> None:
    def action(network: Network) -> list[str]:
        network.link("red").down()
        shown = [output(network, "global", "ip", "link", "show", "veth-red"), output(network, "red", "ip", "route")]
        network.link("red").up()
        return [*shown, met(network, "blue", "red", "192.0.2.2")]

    outer, routes, origin_again = in_network(load("red-blue"), action)
    assert "state DOWN" in outer
    assert routes.startswith("default via 192.0.2.1 dev vpeer-red")  # taking the inner end down would remove it
    assert origin_again == "198.51.100.2"


def test_a_link_is_named_by_the_side_that_it_leads_to(in_network: InNetwork, output: Output) -> None:
    topology = from_mapping(
        {"namespaces": {"red": {"links": ["192.0.2.2/24", {"to": "blue", "address": "10.0.0.2/24"}]}, "blue": {}}}
    )

    def action(network: Network) -> tuple[str, ...]:
        network.link("red", "blue").down()
        errors = []
        for name, to in (("red", "green"), ("blue", None)):
            with pytest.raises(NetworkError) as error:
                network.link(name, to)
            errors.append(str(error.value))
        assert "green" not in network
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'green'"):
            network.link("green")
        return (output(network, "blue", "ip", "-brief", "link"), *errors)

    links, unknown, none = in_network(topology, action)
    assert "veth-red-1" in links
    assert [line.split()[1] for line in links.splitlines() if line.startswith("veth")] == ["DOWN"]
    assert unknown == (
        "namespace red has no link to green\n  where: topology topology (Python)\n"
        "  tried: its links lead to global, blue\n"
        "  do: name the namespace at the other side: a link belongs to the side whose topology entry has it"
    )
    assert none.startswith("namespace blue has no link of its own\n")
    assert "  tried: its links lead to nothing\n" in none


def test_a_deleted_link_raises_an_error(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        output(network, "global", "ip", "link", "delete", "veth-red")
        with pytest.raises(NetworkError) as error:
            network.link("red").down()
        return str(error.value)

    what, where, _, cure = in_network(load("red-blue"), action).splitlines()
    assert what == "the link of red has been deleted: global has no interface veth-red"
    assert where == "  where: topology red-blue (preset red-blue)"
    assert cure == "  do: take links down with down(), and do not delete their interfaces"


def test_a_link_that_is_down_can_be_taken_down_again(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        for _ in range(2):
            network.link("red").down()
        return output(network, "global", "ip", "-brief", "link", "show", "veth-red")

    assert "DOWN" in in_network(load("red-blue"), action)


def test_a_block_ends_with_the_link_up_also_after_an_exception(in_network: InNetwork, met: Met) -> None:
    def action(network: Network) -> list[str]:
        fault = network.link("red").down()
        seen = [fault.what, *(known.what for known in network.fault_log.in_force)]
        with pytest.raises(ZeroDivisionError), fault:
            raise ZeroDivisionError
        assert not fault.is_in_force
        return [*seen, met(network, "blue", "red", "192.0.2.2"), *(one.what for one in network.fault_log.healed)]

    clause = "the link of red to global is down"
    assert in_network(load("red-blue"), action) == [clause, clause, "198.51.100.2", clause]


def test_a_link_that_is_down_twice_comes_up_with_the_last_block(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> list[str]:
        def state() -> str:
            return output(network, "global", "ip", "-brief", "link", "show", "veth-red").split()[1]

        link = network.link("red")
        first = link.down()
        with link.down():
            first.heal()
            states = [state()]
        states.append(state())
        link.down()
        with network.link("red").down():
            link.up()
            states.append(state())
        return [*states, state(), *(fault.what for fault in network.fault_log.in_force)]

    assert in_network(load("red-blue"), action) == ["DOWN", "UP", "UP", "UP"]


def test_a_fault_whose_interface_was_deleted_says_so(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> list[str]:
        fault = network.link("red").down()
        output(network, "global", "ip", "link", "delete", "veth-red")
        with pytest.raises(NetworkError) as error, fault:
            pass
        with pytest.raises(ZeroDivisionError), fault:  # the first error counts
            raise ZeroDivisionError
        assert fault.is_in_force
        return str(error.value).splitlines()

    assert in_network(load("red-blue"), action)[:2] == [
        "the link of red has been deleted: global has no interface veth-red",
        "  where: topology red-blue (preset red-blue)",
    ]


def test_a_link_that_comes_up_is_not_slow_again(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        slow = network.link("red").shape(rate="2mbit")
        with network.link("red").down():
            slow.heal()
        return output(network, "global", "tc", "qdisc", "show", "dev", "veth-red")

    assert in_network(load("red-blue"), action).startswith("qdisc noqueue")


def test_a_healed_fault_has_no_second_block(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        with network.link("red").down() as fault:
            pass
        with pytest.raises(NetworkError) as error, fault:
            pass
        return str(error.value)

    what, where, remedy = in_network(load("red-blue"), action).splitlines()
    assert what == "this fault is healed and cannot be used again: the link of red to global is down"
    assert "test_links.py, line " in where
    assert remedy == "  do: cause it anew in the with statement: with netns.link(...).down():"


@pytest.mark.parametrize("cause", ["down", "without_address", "loss", "drop"])
def test_a_connection_succeeds_as_soon_as_a_fault_is_healed(in_network: InNetwork, met: Met, cause: str) -> None:
    """A question for the neighbour that was asked during the fault does not fail the connection after it."""

    def action(network: Network) -> list[str]:
        link = network.link("red")
        faults: dict[str, Callable[[], NetworkFault]] = {
            "down": link.down,
            "without_address": link.without_address,
            "loss": lambda: link.shape(loss="100%"),
            "drop": lambda: network.partition("red", action="drop"),
        }
        with faults[cause]():
            for client, address in (("red", "198.51.100.2"), ("blue", "192.0.2.2")):
                with pytest.raises(OSError, match=r"timed out|unreachable|No route"), network[client]:
                    socket.create_connection((address, 3306), timeout=0.7)
        return [met(network, "red", "blue", "198.51.100.2"), met(network, "blue", "red", "192.0.2.2")]

    assert in_network(load("red-blue"), action) == ["192.0.2.2", "198.51.100.2"]
