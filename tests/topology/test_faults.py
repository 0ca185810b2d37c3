"""What is wrong between the parts of a topology: all of it at once, each with file, key and cure."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_netns_mysql.errors import EndpointError, TopologyError
from pytest_netns_mysql.topology.file.load import from_mapping
from pytest_netns_mysql.topology.model import Link, Namespace
from pytest_netns_mysql.topology.topology import Topology

RED = {"red": "192.0.2.2/24"}
LAN = {"red": {"to": "lan", "address": "10.0.0.2/24"}}


def told(data: dict[str, Any]) -> str:
    with pytest.raises((TopologyError, EndpointError)) as error:
        from_mapping(data, source="shop.toml")
    return str(error.value)


def test_every_fault_is_told_at_once_with_its_place_and_cure() -> None:
    assert told(
        {
            "namespaces": {"red": "192.0.2.2", "blue": {"adress": "198.51.100.2/24"}, "a/b": "203.0.113.2/24"},
            "forwarding": "yes",
        }
    ) == (
        "the topology has 4 faults\n"
        "  where: shop.toml\n"
        "  1. forwarding = 'yes': it takes true or false\n"
        "    where: shop.toml: forwarding\n"
        "    do: write forwarding = true\n"
        "  2. there is no key namespaces.blue.adress\n"
        "    where: shop.toml: namespaces.blue.adress\n"
        "    tried: namespaces.blue takes address, to, gateway, interface, mac, mtu, rate, delay, loss, outer_address, "
        "outer_interface, outer_mac, links, routes, forwarding, masquerade, publish, hosts, external\n"
        "    do: write address\n"
        "  3. a namespace cannot be called 'a/b': it contains a slash, a comma, white space or a NUL character\n"
        '    where: shop.toml: namespaces."a/b"\n'
        "    do: rename it\n"
        "  4. 192.0.2.2 has no prefix length\n"
        "    where: shop.toml: namespaces.red\n"
        "    do: write 192.0.2.2/24"
    )


def test_the_faults_of_an_error_can_be_had_one_by_one() -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping({"namespaces": {"red": "192.0.2.2", "blue": "198.51.100.2"}})
    assert [fault.what for fault in error.value.faults] == [
        "192.0.2.2 has no prefix length",
        "198.51.100.2 has no prefix length",
    ]


def test_a_topology_built_in_python_is_checked_when_its_plan_is_asked_for() -> None:
    topology = Topology("shop", {"red": Namespace((Link("192.0.2.0/24"),))})
    with pytest.raises(TopologyError, match="which no host can have"):
        _ = topology.plan


@pytest.mark.parametrize(
    ("first", "second", "subnets"),
    [
        ("192.0.2.2/24", "192.0.2.3/24", "red (192.0.2.0/24) and blue (192.0.2.0/24)"),
        ("192.0.2.2/25", "192.0.2.200/24", "red (192.0.2.0/25) and blue (192.0.2.0/24)"),
        ("2001:db8::2/32", "2001:db8:1::2/64", "red (2001:db8::/32) and blue (2001:db8:1::/64)"),
    ],
)
def test_two_interfaces_of_a_namespace_in_one_subnet_are_refused(first: str, second: str, subnets: str) -> None:
    assert told({"namespaces": {"red": first, "blue": second}}) == (
        f"the subnets of {subnets} overlap\n"
        "  where: shop.toml: namespaces.red and namespaces.blue\n"
        "  do: give each interface a subnet of its own: global could not tell which interface an address is behind\n"
        "  do: or link one of them to another namespace than global: to = ..."
    )


SUBNETS = "give each interface a subnet of its own: red could not tell which interface an address is behind"
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "overlap in a namespace": (
        {"namespaces": {"red": {"links": ["192.0.2.2/24", {"to": "blue", "address": "192.0.2.3/24"}]}, "blue": {}}},
        "the subnets of vpeer-red (192.0.2.0/24) and vpeer-red-1 (192.0.2.0/24) overlap\n"
        f"  where: shop.toml: namespaces.red.links[0] and namespaces.red.links[1]\n  do: {SUBNETS}",
    ),
    "interface twice": (
        {
            "namespaces": {
                "red": {
                    "links": [
                        {"address": "192.0.2.2/24", "interface": "eth0"},
                        {"address": "198.51.100.2/24", "interface": "eth0"},
                    ]
                }
            }
        },
        "two interfaces of red are called eth0\n"
        "  where: shop.toml: namespaces.red.links[0] and namespaces.red.links[1]\n"
        "  do: set interface of one of them",
    ),
    "outer interface twice": (
        {
            "namespaces": {
                "red": {"address": "192.0.2.2/24", "outer_interface": "eth0"},
                "blue": {"address": "198.51.100.2/24", "outer_interface": "eth0"},
            }
        },
        "two interfaces of global are called eth0\n"
        "  where: shop.toml: namespaces.red and namespaces.blue\n"
        "  do: set outer_interface of one of them",
    ),
    "unknown other side": (
        {"namespaces": {**RED, "blue": {"to": "reed", "address": "198.51.100.2/24"}}},
        "there is no namespace or bridge 'reed'\n"
        "  where: shop.toml: namespaces.blue.to\n  tried: the topology has global, red\n  do: write 'red'",
    ),
    "link to itself": (
        {"namespaces": {"red": {"to": "red", "address": "192.0.2.2/24"}}},
        "there is no namespace or bridge 'red'\n"
        "  where: shop.toml: namespaces.red.to\n  tried: the topology has global\n"
        "  do: write one of these names, or add it",
    ),
    "bridge in an unknown namespace": (
        {"namespaces": RED, "bridges": {"lan": {"namespace": "blue"}}},
        "there is no namespace 'blue'\n"
        "  where: shop.toml: bridges.lan.namespace\n  tried: the topology has global, red\n"
        "  do: write one of these names, or add it",
    ),
    "unknown bridge": (
        {"namespaces": RED, "bridges": {"lan": {"to": "wan"}}},
        "there is no bridge 'wan'\n"
        "  where: shop.toml: bridges.lan.to\n  tried: the topology has none\n  do: write one of these names, or add it",
    ),
    "bridge called like a namespace": (
        {"namespaces": RED, "bridges": {"red": {}}},
        "a namespace and a bridge are both called red: to = 'red' could mean either\n"
        "  where: shop.toml: namespaces.red and bridges.red\n  do: rename one of them",
    ),
    "bridge called global": (
        {"namespaces": RED, "bridges": {"global": {}}},
        "a bridge cannot be called 'global': that is the sandbox's own namespace\n"
        "  where: shop.toml: bridges.global\n  do: rename it",
    ),
    "loop of two bridges": (
        {"namespaces": RED, "bridges": {"lan": {"to": "wan"}, "wan": {"to": "lan"}}},
        "the bridges wan and lan are joined in a loop, in which frames would circulate for ever\n"
        "  where: shop.toml: bridges.wan.to\n  do: remove lan from the list",
    ),
    "loop of three bridges": (
        {"namespaces": RED, "bridges": {"a": {"to": "b"}, "b": {"to": "c"}, "c": {"to": "a"}}},
        "the bridges c and a are joined in a loop, in which frames would circulate for ever\n"
        "  where: shop.toml: bridges.c.to\n  do: remove a from the list",
    ),
    "address twice on a segment": (
        {
            "namespaces": {**LAN, "blue": {"to": "wan", "address": "10.0.0.2/24"}},
            "bridges": {"lan": {}, "wan": {"to": "lan"}},
        },
        "10.0.0.2 is given twice on the same segment\n"
        "  where: shop.toml: namespaces.red and namespaces.blue\n  do: change one of them",
    ),
    "a member with the bridge's address": (
        {"namespaces": LAN, "bridges": {"lan": "10.0.0.2/24"}},
        "10.0.0.2 is given twice on the same segment\n"
        "  where: shop.toml: bridges.lan and namespaces.red\n  do: change one of them",
    ),
    "both ends alike": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "outer_address": "192.0.2.2/24"}}},
        "both ends of the link have 192.0.2.2\n  where: shop.toml: namespaces.red\n  do: change one of them",
    ),
    "port with an address": (
        {"namespaces": {"red": {**LAN["red"], "outer_address": "10.0.0.1/24"}}, "bridges": {"lan": {}}},
        "lan is a bridge, whose ports have no address\n"
        "  where: shop.toml: namespaces.red.outer_address\n  do: write it below bridges.lan as address",
    ),
    "gateway nobody has on a segment": (
        {"namespaces": {"red": {**LAN["red"], "gateway": "10.0.0.9"}}, "bridges": {"lan": "10.0.0.1/24"}},
        "no interface there has the gateway's address 10.0.0.9\n"
        "  where: shop.toml: namespaces.red.gateway\n  do: write one of 10.0.0.1, or give that address to the bridge",
    ),
    "gateway nobody has at the other end": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "gateway": "192.0.2.1", "outer_address": "192.0.2.9/24"}}},
        "no interface there has the gateway's address 192.0.2.1\n"
        "  where: shop.toml: namespaces.red.gateway\n  do: write one of 192.0.2.9, or add it to outer_address",
    ),
    "two gateways of one family": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "gateway": ["192.0.2.1", "192.0.2.9"]}}},
        "there are two gateways of IPv4\n  where: shop.toml: namespaces.red.gateway\n  do: keep one of them",
    ),
    "address twice": (
        {"namespaces": {"red": ["192.0.2.2/24", "192.0.2.2/24"]}},
        "192.0.2.2/24 is listed twice\n  where: shop.toml: namespaces.red.address\n  do: write it once",
    ),
    "MTU too small for IPv6": (
        {"namespaces": {"red": {"address": "2001:db8::2/64", "mtu": 1279}}},
        "an MTU of 1279 bytes is too small for IPv6\n  where: shop.toml: namespaces.red.mtu\n  do: write 1280 or more",
    ),
    "MAC": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "mac": "02:00:5e:00:53"}}},
        "'02:00:5e:00:53' is not a MAC address\n"
        "  where: shop.toml: namespaces.red.mac\n  do: write it as 02:00:5e:00:53:01",
    ),
    "multicast MAC": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "outer_mac": "01:00:5e:00:53:01"}}},
        "01:00:5e:00:53:01 is a multicast address, which no interface can have\n"
        "  where: shop.toml: namespaces.red.outer_mac\n  do: write an even first byte, such as 02",
    ),
    "zero MAC": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "mac": "00:00:00:00:00:00"}}},
        "00:00:00:00:00:00 cannot be the address of an interface\n"
        "  where: shop.toml: namespaces.red.mac\n  do: write it as 02:00:5e:00:53:01",
    ),
    "rate": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "rate": "10 Mb/s"}}},
        "'10 Mb/s' is not a rate: it must be a number with one of bit, kbit, mbit, gbit, bps, kbps, mbps, gbps\n"
        "  where: shop.toml: namespaces.red.rate\n  do: write '10mbit'",
    ),
    "delay": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "delay": "20"}}},
        "'20' is not a delay: it must be a number with one of us, ms, s\n"
        "  where: shop.toml: namespaces.red.delay\n  do: write '20ms'",
    ),
    "loss": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "loss": "101%"}}},
        "'101%' is out of range\n  where: shop.toml: namespaces.red.loss\n  do: write '1%', or leave it out",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_is_told_with_its_key_and_cure(case: str) -> None:
    data, message = CASES[case]
    assert told(data) == message


def test_the_gateway_of_an_address_alone_in_its_subnet_may_be_left_out() -> None:
    data = {"namespaces": {"red": {"address": "192.0.2.2/32", "outer_address": False}}}
    assert [str(one) for one in from_mapping(data).addresses["red"]] == ["192.0.2.2/32", "127.0.0.1/8", "::1/128"]


def test_three_hundred_namespaces_are_a_topology() -> None:
    names = {f"n{number}": f"10.{number // 256}.{number % 256}.2/24" for number in range(300)}
    assert len(from_mapping({"namespaces": names}).bind_address) == 301
