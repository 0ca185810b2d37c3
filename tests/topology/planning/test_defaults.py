"""What is made where nothing is written: the names of interfaces, the gateways."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.topology.file.load import from_mapping


def test_an_inner_interface_may_be_called_the_same_in_every_namespace() -> None:
    topology = from_mapping(
        {
            "namespaces": {
                "red": {"address": "192.0.2.2/24", "interface": "eth0"},
                "blue": {"address": "198.51.100.2/24", "interface": "eth0"},
            }
        }
    )
    assert [veth.inner.interface for veth in topology.plan.veths] == ["eth0", "eth0"]


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
    assert tuple(topology.namespaces) == ("red", name)
    veth = topology.plan.veths[1]
    assert (veth.inner.interface, veth.outer.interface) == (interface, outer_interface)


def test_a_name_that_is_made_keeps_clear_of_those_that_are_written() -> None:
    data = {
        "namespaces": {
            "a-name-too-long-for-an-interface": "192.0.2.2/24",
            "blue": {"address": "198.51.100.2/24", "outer_interface": "veth0"},
        }
    }
    assert [veth.outer.interface for veth in from_mapping(data).plan.veths] == ["veth1", "veth0"]


# ---- gateways


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
    (veth,) = from_mapping({"namespaces": {"red": address}}).plan.veths
    assert (veth.inner.addresses, veth.outer.addresses) == ((ip_interface(address),), (ip_interface(gateway),))


@st.composite
def hosts(draw: st.DrawFn) -> IPv4Interface:
    """Draw an address that a host can have, in a subnet of /8 to /30."""
    ordinary = st.ip_addresses(v=4).filter(
        lambda ip: not ip.is_multicast and not ip.is_loopback and not ip.is_unspecified
    )
    network = IPv4Network((int(draw(ordinary)), draw(st.integers(8, 30))), strict=False)
    number = draw(st.integers(1, network.num_addresses - 2))
    return IPv4Interface((int(network.network_address) + number, network.prefixlen))


@given(hosts())
def test_any_host_gets_a_gateway_that_is_another_host_of_its_subnet(address: IPv4Interface) -> None:
    (veth,) = from_mapping({"namespaces": {"red": str(address)}}).plan.veths
    (outer,), network = veth.outer.addresses, address.network
    gateway = IPv4Address(str(outer.ip))
    assert outer.network == network
    assert gateway not in (address.ip, network.network_address, network.broadcast_address)
    assert int(gateway) - int(network.network_address) in (1, 2)


@given(hosts())
def test_the_gateway_that_is_given_may_as_well_be_written(address: IPv4Interface) -> None:
    short = from_mapping({"namespaces": {"red": str(address)}}).plan
    written = {"address": str(address), "gateway": str(short.routes[0].gateway)}
    assert from_mapping({"namespaces": {"red": written}}).plan == short
