"""Networks of every kind: what iproute2 shows of them, and which client address a server sees."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.origin import origin
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.plan import End, PlannedBridge

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Met = Callable[..., str]
Output = Callable[..., str]


def test_red_and_blue_look_as_in_the_manual(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> tuple[str, str, str]:
        return (
            output(network, "red", "ip", "route"),
            output(network, "global", "ip", "-brief", "address"),
            output(network, "global", "ip", "netns", "list"),
        )

    route, addresses, names = in_network(load("red-blue"), action)
    # A link that has just come up is shown as down for a moment.
    assert [line.removesuffix("linkdown ").split() for line in route.splitlines()] == [
        ["default", "via", "192.0.2.1", "dev", "vpeer-red"],
        ["192.0.2.0/24", "dev", "vpeer-red", "proto", "kernel", "scope", "link", "src", "192.0.2.2"],
    ]
    assert addresses.split()[:3] == ["lo", "UNKNOWN", "127.0.0.1/8"]
    assert "veth-blue" in addresses
    assert {line.split()[0] for line in names.splitlines()} == {"red", "blue"}


@pytest.mark.parametrize(
    ("preset", "client", "server", "address", "seen"),
    [
        ("red-blue", "red", "blue", "198.51.100.2", "192.0.2.2"),
        ("dual-stack", "red", "blue", "2001:db8:2::2", "2001:db8:1::2"),
        ("dual-stack", "red", "blue", "198.51.100.2", "192.0.2.2"),
        ("nat", "red", "db", "172.17.0.2", "172.17.0.1"),
        ("nat", "blue", "db", "172.17.0.2", "172.17.0.1"),
        ("nat", "global", "db", "172.17.0.2", "172.17.0.1"),
        ("cluster", "red", "green", "203.0.113.2", "192.0.2.2"),
        ("cluster", "global", "green", "203.0.113.2", "10.0.0.1"),
        ("bridge", "app", "db", "172.18.0.2", "172.18.0.3"),
    ],
)
def test_a_server_sees_the_origin(
    in_network: InNetwork, preset: str, client: str, server: str, address: str, seen: str, met: Met
) -> None:
    def action(network: Network) -> tuple[str, str]:
        return met(network, client, server, address), origin(network, client, Endpoint(address, server))

    assert in_network(load(preset), action) == (seen, seen)


@pytest.mark.parametrize("client", ["red", "blue", "global"])
def test_a_published_port_leads_to_its_target(in_network: InNetwork, client: str, met: Met) -> None:
    def action(network: Network) -> tuple[str, str]:
        seen = met(network, client, "db", "172.17.0.2", to="192.0.2.1")
        return seen, origin(network, client, Endpoint("192.0.2.1"))

    assert in_network(load("nat"), action) == ("172.17.0.1", "172.17.0.1")


def test_neighbours_on_a_bridge_are_translated_only_through_a_published_port(in_network: InNetwork, met: Met) -> None:
    topology = from_mapping(
        {
            "masquerade": True,
            "publish": {"3306": "172.18.0.2:3306"},
            "bridges": {"lan": "172.18.0.1/16"},
            "namespaces": {
                "app": {"to": "lan", "address": "172.18.0.3/16"},
                "db": {"to": "lan", "address": "172.18.0.2/16"},
                "red": "192.0.2.2/24",
            },
        }
    )

    def action(network: Network) -> list[str]:
        direct = [met(network, client, "db", "172.18.0.2") for client in ("app", "red", "global")]
        published = [met(network, client, "db", "172.18.0.2", to="172.18.0.1") for client in ("app", "red")]
        return direct + published

    gateway = "172.18.0.1"
    assert in_network(topology, action) == ["172.18.0.3", gateway, gateway, gateway, gateway]


def test_ipv6_is_translated_and_published(in_network: InNetwork, met: Met) -> None:
    topology = from_mapping(
        {
            "masquerade": True,
            "publish": {"[2001:db8:1::1]:3306": "[2001:db8:2::2]:3306"},
            "namespaces": {"red": "2001:db8:1::2/64", "blue": "2001:db8:2::2/64"},
        }
    )

    def action(network: Network) -> tuple[str, str]:
        direct = met(network, "red", "blue", "2001:db8:2::2")
        return direct, met(network, "red", "blue", "2001:db8:2::2", to="2001:db8:1::1")

    assert in_network(topology, action) == ("2001:db8:2::1", "2001:db8:2::1")


def test_without_forwarding_no_packet_crosses_global(in_network: InNetwork) -> None:
    def action(network: Network) -> None:
        with network["blue"]:
            listener = socket.create_server(("198.51.100.2", 3306))
        with listener, network["red"], pytest.raises(OSError, match=r"timed out|No route"):
            socket.create_connection(("198.51.100.2", 3306), timeout=0.3)

    in_network(load("isolated"), action)


def test_every_address_can_be_bound_at_the_same_time(in_network: InNetwork) -> None:
    def action(network: Network) -> int:
        bound = 0
        for namespace in network.values():
            for address in namespace.addresses:
                family = socket.AF_INET if address.version == 4 else socket.AF_INET6
                with namespace, socket.create_server((str(address.ip), 3306), family=family):
                    bound += 1
        return bound

    topology = load("dual-stack")
    assert in_network(topology, action) == sum(len(own) for own in topology.addresses.values()) == 4 + 2 + 4 + 4


def test_mac_mtu_and_interface_names_are_those_of_the_topology(in_network: InNetwork, output: Output) -> None:
    keys = {"interface": "eth0", "mac": "02:00:5e:00:53:01", "mtu": 1400, "outer_interface": "to-red"}
    topology = from_mapping(
        {
            "namespaces": {"red": {"address": "192.0.2.2/24", "outer_mac": "02:00:5e:00:53:02", **keys}},
            "bridges": {"lan": {"interface": "br0", "mtu": 1300, "address": "10.0.0.1/24"}},
        }
    )

    def action(network: Network) -> tuple[str, str]:
        return output(network, "red", "ip", "link", "show", "eth0"), output(network, "global", "ip", "-d", "link")

    inner, outer = in_network(topology, action)
    assert "mtu 1400" in inner
    assert "link/ether 02:00:5e:00:53:01" in inner
    assert "to-red@" in outer
    assert "02:00:5e:00:53:02" in outer
    assert "br0" in outer
    assert "stp_state 0" in outer


def test_joined_bridges_are_one_segment(in_network: InNetwork, met: Met) -> None:
    topology = from_mapping(
        {
            "namespaces": {
                "red": {"to": "lan", "address": "10.0.0.2/24"},
                "blue": {"to": "wan", "address": "10.0.0.3/24"},
                "hub": {},
            },
            "bridges": {"lan": {}, "wan": {"namespace": "hub", "to": "lan"}},
        }
    )
    assert in_network(topology, lambda network: met(network, "red", "blue", "10.0.0.3")) == "10.0.0.2"


def test_ipv6_crosses_bridges_and_routers_without_delay(in_network: InNetwork, met: Met, output: Output) -> None:
    topology = from_mapping(
        {
            "bridges": {"lan": {"address": "2001:db8::1/64"}},
            "namespaces": {
                "red": {"to": "lan", "address": "2001:db8::2/64"},
                "blue": {"to": "lan", "address": "2001:db8::3/64"},
                "gate": {"forwarding": True},
                "one": {"to": "gate", "address": "2001:db8:1::2/64"},
                "two": {"to": "gate", "address": "2001:db8:2::2/64"},
            },
        }
    )

    def action(network: Network) -> tuple[list[str], list[str]]:
        interfaces: list[End | PlannedBridge] = [*topology.plan.ends, *topology.plan.bridges]
        own = [one for one in interfaces if one.addresses]
        shown = [output(network, one.namespace, "ip", "-o", "-6", "address", "show", one.interface) for one in own]
        seen = [
            met(network, "red", "blue", "2001:db8::3"),
            met(network, "global", "red", "2001:db8::2"),
            met(network, "one", "two", "2001:db8:2::2"),
        ]
        return seen, shown

    seen, shown = in_network(topology, action)
    assert seen == ["2001:db8::2", "2001:db8::1", "2001:db8:1::2"]
    # The address of the topology and a link-local address; duplicate address detection delays neither.
    assert [len(text.splitlines()) for text in shown] == [2] * 7
    assert "tentative" not in "".join(shown)


def test_two_namespaces_may_have_the_same_address(in_network: InNetwork, met: Met) -> None:
    topology = from_mapping(
        {"namespaces": {"red": "192.0.2.2/24", "blue": {"to": "green", "address": "192.0.2.2/24"}, "green": {}}}
    )

    def action(network: Network) -> list[str]:
        found = []
        for name, client in (("red", "global"), ("blue", "green")):
            found.append(met(network, client, name, "192.0.2.2"))
        return found

    assert in_network(topology, action) == ["192.0.2.1", "192.0.2.1"]


def test_three_hundred_namespaces_are_built(in_network: InNetwork, met: Met) -> None:
    names = {f"n{number}": f"10.{number // 256}.{number % 256}.2/24" for number in range(300)}
    seen = in_network(from_mapping({"namespaces": names}), lambda network: met(network, "n0", "n299", "10.1.43.2"))
    assert seen == "10.0.0.2"
