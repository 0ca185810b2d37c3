"""Topologies from presets, files and Python: what they mean, and how a mistake in one is told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_interface
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.errors import EndpointError, NetnsError, TopologyError
from pytest_netns_mysql.topology.load import from_mapping, load, presets
from pytest_netns_mysql.topology.model import Link, Topology

MANUAL = (
    Link("red", ip_interface("192.0.2.2/24"), ip_interface("192.0.2.1/24"), "vpeer-red", "veth-red"),
    Link("blue", ip_interface("198.51.100.2/24"), ip_interface("198.51.100.1/24"), "vpeer-blue", "veth-blue"),
)
SHORT = """
[namespaces]
red = "192.0.2.2/24"
blue = "198.51.100.2/24"

[mysqld]
bind_address = ["127.0.0.1", "192.0.2.2/red", "198.51.100.2/blue"]
"""


def red(**keys: object) -> dict[str, Any]:
    """Make a topology of one namespace, with keys beside its address."""
    return {"namespaces": {"red": {"address": "192.0.2.2/24", **keys}}}


# ---- what a topology means


def test_the_preset_red_blue_is_the_manuals_example_to_the_letter() -> None:
    topology = load("red-blue")
    assert topology.links == MANUAL
    assert topology.namespaces == ("red", "blue")
    assert topology.forwarding is True
    assert topology.bind_address == ("127.0.0.1", "192.0.2.2/red", "198.51.100.2/blue")
    assert (topology.name, topology.source) == ("red-blue", "preset red-blue")


def test_global_has_the_gateways_and_each_namespace_its_address_and_all_a_loopback() -> None:
    loopback = (ip_interface("127.0.0.1/8"), ip_interface("::1/128"))
    assert load("red-blue").addresses == {
        "global": (ip_interface("192.0.2.1/24"), ip_interface("198.51.100.1/24"), *loopback),
        "red": (ip_interface("192.0.2.2/24"), *loopback),
        "blue": (ip_interface("198.51.100.2/24"), *loopback),
    }


def test_every_preset_is_listed_and_loads() -> None:
    assert "red-blue" in presets()
    assert list(presets()) == sorted(presets())
    for name in presets():
        assert load(name).name == name


def test_the_short_form_gives_the_same_network_as_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SHORT)
    topology = load(str(file))
    assert topology == Topology("shop", MANUAL, True, topology.mysqld, str(file))
    assert topology.bind_address == load("red-blue").bind_address


def test_without_mysqld_the_server_listens_on_127_0_0_1_and_in_every_namespace() -> None:
    topology = from_mapping({"namespaces": {"b": "198.51.100.2/24", "a": "2001:db8::2/64"}})
    assert topology.mysqld.bind_address is None
    assert topology.bind_address == ("127.0.0.1", "198.51.100.2/b", "2001:db8::2/a")


@pytest.mark.parametrize(
    "value", ["127.0.0.1,192.0.2.2/red", ["127.0.0.1", "192.0.2.2/red"], ("127.0.0.1", "192.0.2.2/red")]
)
def test_bind_address_is_a_comma_list_or_a_list(value: object) -> None:
    topology = from_mapping({**red(), "mysqld": {"bind_address": value}})
    assert topology.bind_address == ("127.0.0.1", "192.0.2.2/red")


def test_everything_can_be_written() -> None:
    topology = from_mapping(
        {
            "namespaces": {
                "red": {
                    "address": "192.0.2.2/24",
                    "gateway": "192.0.2.254",
                    "interface": "eth0",
                    "outer_interface": "to-red",
                }
            },
            "forwarding": False,
        },
        name="shop",
        source="conftest.py",
    )
    link = Link("red", ip_interface("192.0.2.2/24"), ip_interface("192.0.2.254/24"), "eth0", "to-red")
    assert topology == Topology("shop", (link,), False, source="conftest.py")


def test_a_topology_built_in_python_forwards_and_names_no_file() -> None:
    topology = Topology("shop", MANUAL)
    assert topology.forwarding is True
    assert topology.source == "Python"
    assert topology.bind_address == ("127.0.0.1", "192.0.2.2/red", "198.51.100.2/blue")


def test_none_in_python_is_a_key_that_is_not_there() -> None:
    keys: dict[str, object] = {"gateway": None, "interface": None, "outer_interface": None}
    assert from_mapping(red(**keys)) == from_mapping(red())
    assert from_mapping({**red(), "mysqld": None, "forwarding": None}) == from_mapping(red())
    assert from_mapping({**red(), "mysqld": {"bind_address": None}}) == from_mapping(red())


def test_an_inner_interface_may_be_called_the_same_in_every_namespace() -> None:
    topology = from_mapping(
        {
            "namespaces": {
                "red": {"address": "192.0.2.2/24", "interface": "eth0"},
                "blue": {"address": "198.51.100.2/24", "interface": "eth0"},
            }
        }
    )
    assert [link.interface for link in topology.links] == ["eth0", "eth0"]


@pytest.mark.parametrize(
    ("name", "interface", "outer_interface"),
    [
        ("nine-long", "vpeer-nine-long", "veth-nine-long"),
        ("ten-as-it-", "vpeer1", "veth-ten-as-it-"),
        ("eleven-long", "vpeer1", "veth1"),
        ("x" * 255, "vpeer1", "veth1"),
        ("a:b", "vpeer1", "veth1"),
        ("50%", "vpeer1", "veth1"),
        ("voilà", "vpeer1", "veth1"),
    ],
)
def test_a_name_that_no_interface_can_have_gives_numbered_interfaces(
    name: str, interface: str, outer_interface: str
) -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24", name: "198.51.100.2/24"}})
    assert topology.namespaces == ("red", name)
    assert (topology.links[1].interface, topology.links[1].outer_interface) == (interface, outer_interface)


@pytest.mark.parametrize(
    ("address", "gateway"),
    [
        ("192.0.2.2/24", "192.0.2.1/24"),
        ("192.0.2.1/24", "192.0.2.2/24"),
        ("192.0.2.254/24", "192.0.2.1/24"),
        ("192.0.2.130/25", "192.0.2.129/25"),
        ("192.0.2.1/30", "192.0.2.2/30"),
        ("192.0.2.0/31", "192.0.2.1/31"),
        ("192.0.2.1/31", "192.0.2.0/31"),
        ("192.0.2.2/255.255.255.0", "192.0.2.1/24"),
        ("2001:db8::2/64", "2001:db8::1/64"),
        ("2001:db8::1/64", "2001:db8::2/64"),
        ("2001:db8::ffff:ffff:ffff:ffff/64", "2001:db8::1/64"),
        ("2001:db8::1/127", "2001:db8::/127"),
    ],
)
def test_the_gateway_is_the_first_other_host(address: str, gateway: str) -> None:
    (link,) = from_mapping({"namespaces": {"red": address}}).links
    assert (link.address, link.gateway) == (ip_interface(address), ip_interface(gateway))


@st.composite
def hosts(draw: st.DrawFn) -> IPv4Interface:
    """Draw an address that a host can have, in a subnet of /8 to /30."""
    ordinary = st.ip_addresses(v=4).filter(lambda ip: not ip.is_multicast and not ip.is_loopback)
    network = IPv4Network((int(draw(ordinary)), draw(st.integers(8, 30))), strict=False)
    number = draw(st.integers(1, network.num_addresses - 2))
    return IPv4Interface((int(network.network_address) + number, network.prefixlen))


@given(hosts())
def test_any_host_gets_a_gateway_that_is_another_host_of_its_subnet(address: IPv4Interface) -> None:
    (link,) = from_mapping({"namespaces": {"red": str(address)}}).links
    assert link.address == address
    gateway, network = IPv4Address(str(link.gateway.ip)), address.network
    assert link.gateway.network == network
    assert gateway not in (address.ip, network.network_address, network.broadcast_address)
    assert int(gateway) - int(network.network_address) in (1, 2)


@given(hosts())
def test_the_gateway_that_is_given_may_as_well_be_written(address: IPv4Interface) -> None:
    short = from_mapping({"namespaces": {"red": str(address)}})
    written = {"address": str(address), "gateway": str(short.links[0].gateway.ip)}
    assert from_mapping({"namespaces": {"red": written}}) == short


# ---- how a mistake is told

SHORTEST = 'write [namespaces] and below it red = "192.0.2.2/24"'
EITHER = "it takes an address with a prefix length, or a table"
LISTED = "it takes an address, or a list of them"
BIND = 'write bind_address = ["127.0.0.1", "192.0.2.2/red"]'


@pytest.mark.parametrize(
    ("data", "what", "where", "remedy"),
    [
        ({}, "the topology has no namespace", "namespaces", SHORTEST),
        ({"namespaces": {}}, "the topology has no namespace", "namespaces", SHORTEST),
        ({"forwarding": True}, "the topology has no namespace", "namespaces", SHORTEST),
        ({"namespaces": ["red"]}, "namespaces = ['red']: it takes a table", "namespaces", SHORTEST),
        ({"namespaces": "red"}, "namespaces = 'red': it takes a table", "namespaces", SHORTEST),
        ({"namespaces": {"red": 1}}, f"namespaces.red = 1: {EITHER}", "namespaces.red", 'write red = "192.0.2.2/24"'),
        (
            {"namespaces": {"red": "192.0.2.2/24", "blue": ["198.51.100.2/24"]}},
            f"namespaces.blue = ['198.51.100.2/24']: {EITHER}",
            "namespaces.blue",
            'write red = "192.0.2.2/24"',
        ),
        (
            {"namespaces": {"my.red": True}},
            f'namespaces."my.red" = True: {EITHER}',
            'namespaces."my.red"',
            'write red = "192.0.2.2/24"',
        ),
        (
            {"namespaces": {'rouge "é"': None}},
            f'namespaces."rouge \\"é\\"" = None: {EITHER}',
            'namespaces."rouge \\"é\\""',
            'write red = "192.0.2.2/24"',
        ),
        ({"namespaces": {1: "192.0.2.2/24"}}, "a namespace's name is text, and this is 1", "namespaces.1", "quote it"),
        (
            {"namespaces": {"red": {}}},
            "namespaces.red has no address",
            "namespaces.red",
            'write address = "192.0.2.2/24" below it',
        ),
        (
            {"namespaces": {"red": {"gateway": "192.0.2.1"}}},
            "namespaces.red has no address",
            "namespaces.red",
            'write address = "192.0.2.2/24" below it',
        ),
        (
            {"namespaces": {"red": {"address": 1}}},
            "namespaces.red.address = 1: it takes an address with a prefix length",
            "namespaces.red.address",
            'write address = "192.0.2.2/24"',
        ),
        (
            red(gateway=["192.0.2.1"]),
            "namespaces.red.gateway = ['192.0.2.1']: it takes an address",
            "namespaces.red.gateway",
            'write gateway = "192.0.2.1"',
        ),
        (
            red(interface=0),
            "namespaces.red.interface = 0: it takes a name",
            "namespaces.red.interface",
            'write interface = "vpeer-red"',
        ),
        (
            red(outer_interface=False),
            "namespaces.red.outer_interface = False: it takes a name",
            "namespaces.red.outer_interface",
            'write outer_interface = "veth-red"',
        ),
        (
            {**red(), "forwarding": "yes"},
            "forwarding = 'yes': it takes true or false",
            "forwarding",
            "write forwarding = true",
        ),
        ({**red(), "forwarding": 1}, "forwarding = 1: it takes true or false", "forwarding", "write forwarding = true"),
        (
            {**red(), "mysqld": "192.0.2.2/red"},
            "mysqld = '192.0.2.2/red': it takes a table",
            "mysqld",
            'write [mysqld] and below it bind_address = ["127.0.0.1", "192.0.2.2/red"]',
        ),
        (
            {**red(), "mysqld": {"bind_address": 1}},
            f"mysqld.bind_address = 1: {LISTED}",
            "mysqld.bind_address",
            BIND,
        ),
        (
            {**red(), "mysqld": {"bind_address": ["127.0.0.1", 1]}},
            f"mysqld.bind_address = ['127.0.0.1', 1]: {LISTED}",
            "mysqld.bind_address",
            BIND,
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_by_its_key_and_what_it_takes(
    data: Mapping[str, Any], what: str, where: str, remedy: str
) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data, source="shop.toml")
    assert str(error.value) == f"{what}\n  where: shop.toml: {where}\n  do: {remedy}"


@pytest.mark.parametrize(
    ("data", "key", "tried", "remedy"),
    [
        ({**red(), "mysql": {}}, "mysql", "a topology takes namespaces, forwarding, mysqld", "write mysqld"),
        (
            {"namespace": {"red": "192.0.2.2/24"}},
            "namespace",
            "a topology takes namespaces, forwarding, mysqld",
            "write namespaces",
        ),
        (
            {"red": "192.0.2.2/24"},
            "red",
            "a topology takes namespaces, forwarding, mysqld",
            "move it below [namespaces], if it is a namespace",
        ),
        (
            {**red(), "blue": {"address": "198.51.100.2/24"}},
            "blue",
            "a topology takes namespaces, forwarding, mysqld",
            "move it below [namespaces], if it is a namespace",
        ),
        ({**red(), "x y": 1}, '"x y"', "a topology takes namespaces, forwarding, mysqld", "remove it"),
        (
            red(gatway="192.0.2.1"),
            "namespaces.red.gatway",
            "namespaces.red takes address, gateway, interface, outer_interface",
            "write gateway",
        ),
        (
            red(colour="red"),
            "namespaces.red.colour",
            "namespaces.red takes address, gateway, interface, outer_interface",
            "remove it",
        ),
        (
            {**red(), "mysqld": {"bind-address": "*"}},
            "mysqld.bind-address",
            "mysqld takes bind_address",
            "write bind_address",
        ),
    ],
)
def test_an_unknown_key_is_told_with_the_known_ones(data: Mapping[str, Any], key: str, tried: str, remedy: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data, source="shop.toml")
    assert str(error.value) == (f"there is no key {key}\n  where: shop.toml: {key}\n  tried: {tried}\n  do: {remedy}")


@pytest.mark.parametrize("data", [[], None, "red-blue"])
def test_what_is_no_table_is_no_topology(data: Any) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data)
    assert str(error.value) == (
        f"a topology is a table, and this is {data!r}\n"
        "  where: Python\n"
        '  do: the shortest one is [namespaces] and below it red = "192.0.2.2/24"'
    )


LOOPBACK = "is no address for a namespace: its subnet overlaps the loopback's,"
ONE_INTERFACE = (
    "is no address for a namespace: it needs its interface's name beside it, and addr/ns has no place for that"
)
EDGE = "is the network's own or its broadcast address, no host can have it"


@pytest.mark.parametrize(
    ("address", "what", "remedy"),
    [
        ("", "'' is no IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("red", "'red' is no IP address with a prefix length", "write it as 192.0.2.2/24"),
        (" 192.0.2.2/24", "' 192.0.2.2/24' is no IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("192.0.2.2/33", "'192.0.2.2/33' is no IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("192.0.2.2/red", "'192.0.2.2/red' is no IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("192.0.2.2", "192.0.2.2 has no prefix length", "write 192.0.2.2/24"),
        ("2001:db8::2", "2001:db8::2 has no prefix length", "write 2001:db8::2/64"),
        ("192.0.2.2/32", "192.0.2.2/32 leaves no room for a gateway", "write 192.0.2.2/24"),
        ("2001:db8::2/128", "2001:db8::2/128 leaves no room for a gateway", "write 2001:db8::2/64"),
        ("192.0.2.0/24", f"192.0.2.0/24 {EDGE}", "write 192.0.2.2/24"),
        ("192.0.2.255/24", f"192.0.2.255/24 {EDGE}", "write 192.0.2.2/24"),
        ("192.0.2.7/30", f"192.0.2.7/30 {EDGE}", "write 192.0.2.6/30"),
        ("2001:db8::/64", f"2001:db8::/64 {EDGE}", "write 2001:db8::2/64"),
        ("127.0.0.2/24", f"127.0.0.2/24 {LOOPBACK} 127.0.0.0/8", "write 192.0.2.2/24, for example"),
        ("192.0.2.2/0", f"192.0.2.2/0 {LOOPBACK} 127.0.0.0/8", "write 192.0.2.2/24, for example"),
        ("::2/64", f"::2/64 {LOOPBACK} ::1/128", "write 2001:db8::2/64, for example"),
        (
            "224.0.0.2/24",
            "224.0.0.2/24 is no address for a namespace: it is a multicast address",
            "write 192.0.2.2/24, for example",
        ),
        (
            "ff02::2/64",
            "ff02::2/64 is no address for a namespace: it is a multicast address",
            "write 2001:db8::2/64, for example",
        ),
        ("fe80::2/64", f"fe80::2/64 {ONE_INTERFACE}", "write 2001:db8::2/64, for example"),
        ("2001:db8::2%eth0/64", f"2001:db8::2%eth0/64 {ONE_INTERFACE}", "write 2001:db8::2/64, for example"),
    ],
)
@pytest.mark.parametrize("short", [True, False], ids=["short", "table"])
def test_an_address_that_no_namespace_can_have_is_refused(address: str, what: str, remedy: str, short: bool) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping({"namespaces": {"red": address if short else {"address": address}}}, source="shop.toml")
    place = "namespaces.red" if short else "namespaces.red.address"
    assert str(error.value) == f"{what}\n  where: shop.toml: {place}\n  do: {remedy}"


@pytest.mark.parametrize(
    ("gateway", "what"),
    [
        ("192.0.2.2", "the gateway 192.0.2.2 is no other host of 192.0.2.0/24"),
        ("192.0.2.0", "the gateway 192.0.2.0 is no other host of 192.0.2.0/24"),
        ("192.0.2.255", "the gateway 192.0.2.255 is no other host of 192.0.2.0/24"),
        ("198.51.100.1", "the gateway 198.51.100.1 is no other host of 192.0.2.0/24"),
        ("2001:db8::1", "the gateway 2001:db8::1 is no other host of 192.0.2.0/24"),
        ("192.0.2.1/24", "the gateway '192.0.2.1/24' is no IP address, which stands without a prefix length"),
        ("global", "the gateway 'global' is no IP address, which stands without a prefix length"),
        ("", "the gateway '' is no IP address, which stands without a prefix length"),
    ],
)
def test_a_gateway_is_another_host_of_the_subnet(gateway: str, what: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(red(gateway=gateway))
    assert str(error.value) == f"{what}\n  where: Python: namespaces.red.gateway\n  do: write 192.0.2.1"


@pytest.mark.parametrize(
    ("name", "written", "reason"),
    [
        ("global", "global", "it stands for the sandbox's own namespace"),
        ("", '""', "it is empty or a path's own dot"),
        (".", '"."', "it is empty or a path's own dot"),
        ("..", '".."', "it is empty or a path's own dot"),
        ("a/b", '"a/b"', "it holds a slash, a comma, white space or a NUL"),
        ("a,b", '"a,b"', "it holds a slash, a comma, white space or a NUL"),
        ("a b", '"a b"', "it holds a slash, a comma, white space or a NUL"),
        ("x" * 256, "x" * 256, "it is longer than 255 bytes"),
    ],
)
def test_a_name_that_no_namespace_can_have_is_refused(name: str, written: str, reason: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping({"namespaces": {name: "192.0.2.2/24"}})
    assert str(error.value) == (
        f"a namespace cannot be called {name!r}: {reason}\n  where: Python: namespaces.{written}\n  do: rename it"
    )


@pytest.mark.parametrize("name", ["", ".", "..", "lo", "x" * 16, "a/b", "a:b", "a b", "a\n", "eth%d", "voilà"])
@pytest.mark.parametrize(("key", "made"), [("interface", "vpeer0"), ("outer_interface", "veth0")])
def test_a_name_that_no_interface_can_have_is_refused(name: str, key: str, made: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(red(**{key: name}))
    assert str(error.value) == (
        f"an interface cannot be called {name!r}: 1 to 15 ASCII characters, no slash, colon, percent sign or white "
        "space, and not lo\n"
        f"  where: Python: namespaces.red.{key}\n"
        f"  do: write {made}, or leave it out: a name is made then"
    )


@pytest.mark.parametrize("name", ["x" * 15, "eth0.7", "...", "lo0", "a-b_c@d"])
def test_an_interface_may_have_any_other_name(name: str) -> None:
    assert from_mapping(red(interface=name)).links[0].interface == name


@pytest.mark.parametrize(
    ("first", "second", "subnets"),
    [
        ("192.0.2.2/24", "192.0.2.3/24", "red (192.0.2.0/24) and blue (192.0.2.0/24)"),
        ("192.0.2.2/25", "192.0.2.200/24", "red (192.0.2.0/25) and blue (192.0.2.0/24)"),
        ("2001:db8::2/32", "2001:db8:1::2/64", "red (2001:db8::/32) and blue (2001:db8:1::/64)"),
    ],
)
def test_two_namespaces_in_one_subnet_are_refused(first: str, second: str, subnets: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping({"namespaces": {"red": first, "blue": second}})
    assert str(error.value) == (
        f"the subnets of {subnets} overlap\n"
        "  where: Python: namespaces.red and namespaces.blue\n"
        "  do: give each its own subnet: global could not tell them apart"
    )


@pytest.mark.parametrize("first", ["red", "a-name-too-long-for-an-interface"])
def test_two_interfaces_of_global_with_one_name_are_refused(first: str) -> None:
    name = "veth-red" if first == "red" else "veth0"
    with pytest.raises(TopologyError) as error:
        from_mapping(
            {"namespaces": {first: "192.0.2.2/24", "blue": {"address": "198.51.100.2/24", "outer_interface": name}}}
        )
    assert str(error.value) == (
        f"two interfaces of global are called {name}\n"
        f"  where: Python: namespaces.{first} and namespaces.blue\n"
        "  do: set outer_interface of one of them"
    )


@pytest.mark.parametrize(
    ("bind_address", "message"),
    [
        (
            ["102.0.2.2/red"],
            "bind_address = '102.0.2.2/red': namespace red has no address 102.0.2.2\n"
            "  where: shop.toml: mysqld.bind_address\n"
            "  tried: red has 192.0.2.2, 127.0.0.1, ::1\n"
            "  do: write 192.0.2.2/red",
        ),
        (
            "127.0.0.1, 192.0.2.2/red",
            "bind_address = '127.0.0.1, 192.0.2.2/red': white space is not allowed in it\n"
            "  where: shop.toml: mysqld.bind_address\n"
            "  do: write '127.0.0.1,192.0.2.2/red'",
        ),
        (
            [],
            "bind_address = '': an address is missing before, behind or between the commas\n"
            "  where: shop.toml: mysqld.bind_address\n"
            "  do: list the addresses with single commas and nothing else, such as 127.0.0.1,192.0.2.2/red",
        ),
    ],
)
def test_an_endpoint_that_cannot_be_is_told_by_file_and_key(bind_address: object, message: str) -> None:
    with pytest.raises(EndpointError) as error:
        from_mapping({**red(), "mysqld": {"bind_address": bind_address}}, source="shop.toml")
    assert str(error.value) == message


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(["192.0.2.2/24", "127.0.0.1"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["namespaces", "mysqld", "bind_address", "red", "address", "gateway", "interface"]), inner
        ),
    ),
)


@given(st.one_of(JSON, st.builds(lambda one: {"namespaces": one}, JSON), st.builds(lambda one: red(gateway=one), JSON)))
def test_any_data_is_a_topology_or_refused_with_a_place_and_a_cure(data: Any) -> None:
    found = outcome(data)
    if isinstance(found, NetnsError):
        assert found.where is not None
        assert found.where.startswith("shop.toml")
        assert found.remedies
    else:
        assert found.namespaces == tuple(data["namespaces"])


def outcome(data: Any) -> Topology | NetnsError:
    """Return the topology, or the error that the data are refused with; anything else that is raised fails the test."""
    try:
        return from_mapping(data, source="shop.toml")
    except NetnsError as error:
        return error


# ---- where a topology is sought


def test_a_file_is_sought_from_the_base_and_else_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.toml").write_text(SHORT)
    assert load("shop.toml", base=tmp_path).source == str(tmp_path / "shop.toml")
    monkeypatch.chdir(tmp_path)
    assert load("shop.toml").source == str(tmp_path / "shop.toml")
    assert load(str(tmp_path / "shop.toml"), base=Path("/nowhere")).name == "shop"


def test_a_file_may_be_named_from_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell leaves the ~ of --netns-topology=~/shop.toml as it is."""
    (tmp_path / "shop.toml").write_text(SHORT)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load("~/shop.toml").source == str(tmp_path / "shop.toml")


NAME_ONE = "name a preset, or a TOML file that exists"


@pytest.mark.parametrize(
    ("choice", "remedy"),
    [
        ("red-blu", "write red-blue"),
        ("redblue", "write red-blue"),
        ("nowhere.toml", NAME_ONE),
        ("folder.toml", NAME_ONE),
        ("", NAME_ONE),
        ("a\x00b.toml", NAME_ONE),
        ("x" * 300 + ".toml", NAME_ONE),
        ("~no-such-user/shop.toml", NAME_ONE),
        ("shop.txt", "rename it to shop.toml: a topology's file is known by that ending"),
        ("shop", "rename it to shop.toml: a topology's file is known by that ending"),
    ],
)
def test_what_is_no_preset_and_no_file_is_told_with_what_was_looked_for(
    choice: str, remedy: str, tmp_path: Path
) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "shop.txt").write_text(SHORT)
    (tmp_path / "shop").write_text(SHORT)
    with pytest.raises(TopologyError) as error:
        load(choice, base=tmp_path)
    assert str(error.value) == (
        f"there is no topology {choice!r}\n"
        f"  tried: presets: {', '.join(presets())}\n"
        f"  tried: file: {tmp_path / choice}\n"
        f"  do: {remedy}"
    )


def test_a_file_that_is_not_toml_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("[namespaces]\nred = 192.0.2.2/24\n")
    with pytest.raises(TopologyError) as error:
        load(str(file))
    first, *rest = str(error.value).splitlines()
    assert first.startswith("this is not TOML: ")
    assert "line 2" in first
    assert rest == [f"  where: {file}", "  do: mend that line"]


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_bytes(b'[namespaces]\nr\xe9d = "192.0.2.2/24"\n')
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert error.value.what.startswith("the topology file cannot be read: 'utf-8' codec can't decode byte 0xe9")
    assert (error.value.where, error.value.remedies) == (str(file), ("let it be readable, in UTF-8",))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SHORT)
    file.chmod(0)
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert error.value.what.startswith("the topology file cannot be read: [Errno 13] Permission denied")


def test_a_mistake_in_a_file_is_told_with_the_file_and_the_key(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[namespaces]\nred = "192.0.2.2"\n')
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert str(error.value) == (
        f"192.0.2.2 has no prefix length\n  where: {file}: namespaces.red\n  do: write 192.0.2.2/24"
    )
