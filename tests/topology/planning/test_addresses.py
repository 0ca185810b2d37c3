"""Addresses, gateways, names and endpoints that cannot be; and that any data is a topology or refused with a cure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.errors import EndpointError, NetnsError, TopologyError
from pytest_netns_mysql.topology.file.load import from_mapping
from pytest_netns_mysql.topology.topology import Topology


def red(**keys: object) -> dict[str, Any]:
    """Make a topology of one namespace, with keys beside its address."""
    return {"namespaces": {"red": {"address": "192.0.2.2/24", **keys}}}


LOOPBACK = "cannot be the address of a namespace: its subnet overlaps the loopback's,"
ONE_INTERFACE = "cannot be the address of a namespace: it needs the name of an interface, which addr/ns cannot express"
EDGE = "is the address of the network itself or its broadcast address, which no host can have"


@pytest.mark.parametrize(
    ("address", "what", "remedy"),
    [
        ("", "'' is not an IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("red", "'red' is not an IP address with a prefix length", "write it as 192.0.2.2/24"),
        (" 192.0.2.2/24", "' 192.0.2.2/24' is not an IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("192.0.2.2/33", "'192.0.2.2/33' is not an IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("192.0.2.2/red", "'192.0.2.2/red' is not an IP address with a prefix length", "write it as 192.0.2.2/24"),
        ("192.0.2.2", "192.0.2.2 has no prefix length", "write 192.0.2.2/24"),
        ("2001:db8::2", "2001:db8::2 has no prefix length", "write 2001:db8::2/64"),
        ("192.0.2.2/32", "the subnet of 192.0.2.2/32 has no other address for a gateway", "write 192.0.2.2/24"),
        (
            "2001:db8::2/128",
            "the subnet of 2001:db8::2/128 has no other address for a gateway",
            "write 2001:db8::2/64",
        ),
        ("192.0.2.0/24", f"192.0.2.0/24 {EDGE}", "write 192.0.2.2/24"),
        ("192.0.2.255/24", f"192.0.2.255/24 {EDGE}", "write 192.0.2.2/24"),
        ("192.0.2.7/30", f"192.0.2.7/30 {EDGE}", "write 192.0.2.6/30"),
        ("2001:db8::/64", f"2001:db8::/64 {EDGE}", "write 2001:db8::2/64"),
        ("127.0.0.2/24", f"127.0.0.2/24 {LOOPBACK} 127.0.0.0/8", "write 192.0.2.2/24, for example"),
        ("192.0.2.2/0", f"192.0.2.2/0 {LOOPBACK} 127.0.0.0/8", "write 192.0.2.2/24, for example"),
        ("::2/64", f"::2/64 {LOOPBACK} ::1/128", "write 2001:db8::2/64, for example"),
        (
            "224.0.0.2/24",
            "224.0.0.2/24 cannot be the address of a namespace: it is a multicast address",
            "write 192.0.2.2/24, for example",
        ),
        (
            "ff02::2/64",
            "ff02::2/64 cannot be the address of a namespace: it is a multicast address",
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
    assert str(error.value) == f"{what}\n  where: shop.toml: namespaces.red\n  do: {remedy}"


@pytest.mark.parametrize(
    ("gateway", "what"),
    [
        ("192.0.2.2", "the gateway 192.0.2.2 must be another host of 192.0.2.0/24"),
        ("192.0.2.0", "the gateway 192.0.2.0 must be another host of 192.0.2.0/24"),
        ("192.0.2.255", "the gateway 192.0.2.255 must be another host of 192.0.2.0/24"),
        ("198.51.100.1", "the gateway 198.51.100.1 must be another host of 192.0.2.0/24"),
        ("2001:db8::1", "the gateway 2001:db8::1 must be another host of 192.0.2.0/24"),
        ("192.0.2.1/24", "the gateway '192.0.2.1/24' must be an IP address without a prefix length"),
        ("global", "the gateway 'global' must be an IP address without a prefix length"),
        ("", "the gateway '' must be an IP address without a prefix length"),
    ],
)
def test_a_gateway_is_another_host_of_the_subnet(gateway: str, what: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(red(gateway=gateway))
    assert str(error.value) == f"{what}\n  where: Python: namespaces.red.gateway\n  do: write 192.0.2.1"


@pytest.mark.parametrize(
    ("name", "written", "reason"),
    [
        ("global", "global", "that is the sandbox's own namespace"),
        ("", '""', "it is empty, '.' or '..'"),
        (".", '"."', "it is empty, '.' or '..'"),
        ("..", '".."', "it is empty, '.' or '..'"),
        ("a/b", '"a/b"', "it contains a slash, a comma, white space or a NUL character"),
        ("a,b", '"a,b"', "it contains a slash, a comma, white space or a NUL character"),
        ("a b", '"a b"', "it contains a slash, a comma, white space or a NUL character"),
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
        f"an interface cannot be called {name!r}: a name has 1 to 15 ASCII characters, no slash, colon, percent sign "
        "or white space, and is not lo\n"
        f"  where: Python: namespaces.red.{key}\n"
        f"  do: write {made}, or leave it out to have a name generated"
    )


@pytest.mark.parametrize("name", ["x" * 15, "eth0.7", "...", "lo0", "a-b_c@d"])
def test_an_interface_may_have_any_other_name(name: str) -> None:
    assert from_mapping(red(interface=name)).plan.veths[0].inner.interface == name


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
            "bind_address = '127.0.0.1, 192.0.2.2/red': white space is not allowed\n"
            "  where: shop.toml: mysqld.bind_address\n"
            "  do: write '127.0.0.1,192.0.2.2/red'",
        ),
        (
            [],
            "bind_address = '': an address is missing before, after or between the commas\n"
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
            st.sampled_from(
                [
                    "namespaces",
                    "bridges",
                    "mysqld",
                    "bind_address",
                    "red",
                    "lan",
                    "address",
                    "gateway",
                    "interface",
                    "links",
                    "to",
                    "routes",
                    "hosts",
                    "publish",
                    "masquerade",
                    "external",
                    "mtu",
                    "rate",
                    "default",
                ]
            ),
            inner,
        ),
    ),
)


@given(st.one_of(JSON, st.builds(lambda one: {"namespaces": one}, JSON), st.builds(lambda one: red(gateway=one), JSON)))
def test_any_data_is_a_topology_or_refused_with_a_place_and_a_cure(data: Any) -> None:
    found = outcome(data)
    if isinstance(found, NetnsError):
        for fault in getattr(found, "faults", ()) or (found,):
            assert fault.where is not None
            assert fault.where.startswith("shop.toml")
            assert fault.remedies
    else:
        assert list(found.namespaces) == list(data["namespaces"])


def outcome(data: Any) -> Topology | NetnsError:
    """Return the topology, or the error that the data are refused with; anything else that is raised fails the test."""
    try:
        return from_mapping(data, source="shop.toml")
    except NetnsError as error:
        return error
