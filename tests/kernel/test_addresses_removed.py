"""Addresses that a link loses, and has again with their routes when the fault is healed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkError
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Output = Callable[..., str]


def test_an_address_is_removed_and_restored_with_its_routes(
    in_network: InNetwork, looked_at: Callable[[Network], list[str]], output: Output
) -> None:
    def action(network: Network) -> tuple[list[str], bool]:
        before = looked_at(network)
        link = network.link("red")
        with link.without_address("192.0.2.2") as fault:
            seen = [fault.what, output(network, "red", "ip", "-4", "-brief", "address", "show", "dev", "vpeer-red")]
        with link.without_address() as fault:
            seen += [fault.what, output(network, "red", "ip", "route")]
        return seen, looked_at(network) == before

    (one, none_left, every, routes), is_restored = in_network(load("dual-stack"), action)
    assert one == "the address 192.0.2.2 of red is removed"
    assert every == "the addresses 2001:db8:1::2, 192.0.2.2 of red are removed"
    assert none_left == routes == ""
    assert is_restored


def test_an_unknown_address_is_an_error(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        found = []
        wrong: list[Any] = ["192.0.2.3", 5]
        for address in wrong:
            with pytest.raises(NetworkError) as error:
                network.link("red").without_address(address)
            found.append(str(error.value))
        with network.link("red").without_address(), pytest.raises(NetworkError) as error:
            network.link("red").without_address()
        return [*found, str(error.value)]

    text, number, twice = in_network(load("red-blue"), action)
    assert text.splitlines() == [
        "red has no address 192.0.2.3 on vpeer-red",
        "  where: topology red-blue (preset red-blue)",
        "  tried: vpeer-red has 192.0.2.2",
        '  do: write one of these addresses without a prefix length: without_address("192.0.2.2")',
    ]
    assert number.startswith("red has no address 5 on vpeer-red")
    assert twice.startswith("red has no address on vpeer-red\n")
    assert "  tried: vpeer-red has no address\n" in twice


def test_addresses_are_as_they_were_where_the_kernel_promotes_secondary_ones(
    in_network: InNetwork, looked_at: Callable[[Network], list[str]], output: Output
) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": ["192.0.2.2/24", "192.0.2.3/24", "192.0.2.4/24"]}}})

    def action(network: Network) -> bool:
        output(network, "red", "ip", "route", "add", "203.0.113.0/24", "via", "192.0.2.1", "src", "192.0.2.3")
        output(network, "red", "sysctl", "-w", "net.ipv4.conf.vpeer-red.promote_secondaries=1")
        before = looked_at(network)
        with network.link("red").without_address("192.0.2.2"):
            pass
        return looked_at(network) == before

    assert in_network(topology, action)


def test_a_fault_that_the_kernel_does_not_heal_stays_in_force(in_network: InNetwork, output: Output) -> None:
    """A route needs an interface that is up."""

    def action(network: Network) -> tuple[list[str], str, list[str]]:
        fault = network.link("red").without_address()
        output(network, "red", "ip", "link", "set", "vpeer-red", "down")
        with pytest.raises(ZeroDivisionError), fault:  # the first error counts
            raise ZeroDivisionError
        with pytest.raises(NetworkError) as error:
            fault.heal()
        in_force = [known.what for known in network.fault_log.in_force]
        output(network, "red", "ip", "link", "set", "vpeer-red", "up")
        fault.heal()
        return str(error.value).splitlines(), output(network, "red", "ip", "route", "show", "default"), in_force

    lines, route, in_force = in_network(load("red-blue"), action)
    assert lines == [
        "the kernel did not restore all that the fault took away from red",
        "  where: topology red-blue (preset red-blue)",
        "  tried: still missing: route default via 192.0.2.1 dev vpeer-red",
        "  do: undo what else the test changed there, such as an interface that is down, and call heal() again",
    ]
    assert in_force == ["the address 192.0.2.2 of red is removed"]
    assert route.startswith("default via 192.0.2.1 dev vpeer-red")
