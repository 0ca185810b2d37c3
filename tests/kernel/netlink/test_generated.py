"""Every valid topology builds, and pyroute2 reads back what the plan says: pyroute2 is the referee of our messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql.topology import Topology, dump, from_mapping
from pytest_netns_mysql.topology.file.load import load
from tests.support.pyroute2_reading import Interface, Reading, planned, read_by_pyroute2

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
NAMES = ["red", "blue", "green", "a-name-too-long-for-an-interface"]
PRESETS = ["red-blue", "dual-stack", "isolated", "nat", "replication", "cluster"]
COUNTS = st.integers(0, 3)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "mtu": st.integers(1280, 9000),
    "mac": st.integers(0, 0xFFFFFF).map(lambda n: f"02:00:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"),
    "outer_mac": st.integers(0, 0xFFFFFF).map(lambda n: f"06:00:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"),
    "rate": st.sampled_from(["10mbit", "1gbit"]),
    "gateway": st.just(False),
    "outer_address": st.just(False),
}


def subnet(number: int, version: int) -> IPv4Network | IPv6Network:
    return IPv4Network(f"10.{number}.0.0/24") if version == 4 else IPv6Network(f"2001:db8:{number:x}::/64")


@st.composite
def links_to(draw: st.DrawFn, places: st.SearchStrategy[str], number: int) -> dict[str, Any]:
    """Draw a link to one of the places, in the subnets of a number."""
    versions = draw(st.sampled_from([(4,), (6,), (4, 6), (6, 4)]))
    addresses = [f"{subnet(number, version)[2]}/{subnet(number, version).prefixlen}" for version in versions]
    keys = draw(st.sets(st.sampled_from(sorted(OPTIONAL))))
    return {"to": draw(places), "address": addresses, **{key: draw(OPTIONAL[key]) for key in keys}}


@st.composite
def topologies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid topology: links of every kind, each in subnets of its own, members of bridges in theirs."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    bridges = draw(st.lists(st.sampled_from(["lan", "wan"]), max_size=2, unique=True))
    data: dict[str, Any] = {"namespaces": {}, "bridges": {}, "forwarding": draw(st.booleans())}
    numbers = iter(range(1, 250))
    segments = {name: next(numbers) for name in bridges}
    hosts = {name: iter(range(10, 250)) for name in bridges}
    for name in bridges:
        table: dict[str, Any] = {"namespace": draw(st.sampled_from(["global", *names]))}
        if draw(st.booleans()):
            table["address"] = f"{subnet(segments[name], 4)[1]}/24"
        if draw(st.booleans()):
            table["mtu"] = draw(st.integers(1280, 1500))
        data["bridges"][name] = table
    if len(bridges) == 2 and draw(st.booleans()):
        data["bridges"][bridges[0]]["to"] = bridges[1]
        segments[bridges[1]] = segments[bridges[0]]
        hosts[bridges[1]] = hosts[bridges[0]]
        data["bridges"][bridges[1]].pop("address", None)
    for name in names:
        others = [other for other in names if other != name]
        links = [draw(links_to(st.sampled_from(["global", *others]), next(numbers))) for _ in range(draw(COUNTS))]
        # One interface on a segment, and none where the bridge itself lies: its address is there already.
        if bridges and name not in {one["namespace"] for one in data["bridges"].values()} and draw(st.booleans()):
            to = draw(st.sampled_from(bridges))
            links.append({"to": to, "address": f"{subnet(segments[to], 4)[next(hosts[to])]}/24"})
        table = {"links": links, "forwarding": draw(st.booleans())}
        if table["forwarding"]:
            table["masquerade"] = draw(st.booleans())
        data["namespaces"][name] = table
    return data


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(topologies())
def test_a_valid_topology_builds_as_pyroute2_reads_it(in_network: InNetwork, data: dict[str, Any]) -> None:
    topology = from_mapping(data, source="generated")
    assert load(dump(topology)) == topology
    assert_built(in_network, topology)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_builds_as_pyroute2_reads_it(in_network: InNetwork, preset: str) -> None:
    assert_built(in_network, load(preset))


def test_a_bridge_keeps_its_mtu_beside_a_port_with_another(in_network: InNetwork) -> None:
    bridges = {"lan": {"to": "wan"}, "wan": {"mtu": 1280}}
    assert_built(in_network, from_mapping({"namespaces": {"red": {}}, "bridges": bridges}))


def assert_built(in_network: InNetwork, topology: Topology) -> None:
    found: Reading = in_network(topology, read_by_pyroute2)
    wanted = planned(topology.plan)
    assert found.interfaces.keys() == wanted.interfaces.keys()
    for name, interface in wanted.interfaces.items():
        assert as_far_as_planned(found.interfaces[name], interface) == interface, name
    assert (found.routes, found.rules) == (wanted.routes, wanted.rules)


def as_far_as_planned(found: Interface, wanted: Interface) -> Interface:
    """Return what was found without the MTU and the MAC address if the plan leaves them to the kernel."""
    mtu = None if wanted.mtu is None else found.mtu
    return replace(found, mtu=mtu, mac=None if wanted.mac is None else found.mac)
