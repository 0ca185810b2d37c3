"""What a topology means: the plan of a preset, of a short form, of everything written out."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.topology.file.load import from_mapping, load, presets
from pytest_netns_mysql.topology.file.mapping import dump
from pytest_netns_mysql.topology.model import Bridge, Link, Mysqld, Namespace
from pytest_netns_mysql.topology.plan import End, Masquerade, PlannedBridge, PortForward, Route, Shaping, Veth
from pytest_netns_mysql.topology.topology import Topology

MANUAL = (
    Veth(
        End("red", "vpeer-red", (ip_interface("192.0.2.2/24"),)),
        End("global", "veth-red", (ip_interface("192.0.2.1/24"),)),
        "global",
    ),
    Veth(
        End("blue", "vpeer-blue", (ip_interface("198.51.100.2/24"),)),
        End("global", "veth-blue", (ip_interface("198.51.100.1/24"),)),
        "global",
    ),
)
SHORT = """
[namespaces]
red = "192.0.2.2/24"
blue = "198.51.100.2/24"
"""
LOOPBACK = (ip_interface("127.0.0.1/8"), ip_interface("::1/128"))


def red(**keys: object) -> dict[str, Any]:
    """Make a topology of one namespace, with keys beside its address."""
    return {"namespaces": {"red": {"address": "192.0.2.2/24", **keys}}}


def default(namespace: str, gateway: str) -> Route:
    via = ip_address(gateway)
    return Route(namespace, ip_network("0.0.0.0/0" if via.version == 4 else "::/0"), via)


def test_the_preset_red_blue_is_the_manuals_example_to_the_letter() -> None:
    topology = load("red-blue")
    assert topology.plan.veths == MANUAL
    assert topology.plan.routes == (default("red", "192.0.2.1"), default("blue", "198.51.100.1"))
    assert topology.plan.forwarding == ("global",)
    assert topology.bind_address == ("127.0.0.1", "192.0.2.2/red", "198.51.100.2/blue")
    assert (topology.name, topology.source) == ("red-blue", "preset red-blue")


def test_global_has_the_gateways_and_each_namespace_its_address_and_all_a_loopback() -> None:
    assert load("red-blue").addresses == {
        "global": (ip_interface("192.0.2.1/24"), ip_interface("198.51.100.1/24"), *LOOPBACK),
        "red": (ip_interface("192.0.2.2/24"), *LOOPBACK),
        "blue": (ip_interface("198.51.100.2/24"), *LOOPBACK),
    }


def test_every_preset_is_listed_says_what_it_is_for_and_loads() -> None:
    assert set(presets()) >= {"red-blue", "dual-stack", "isolated", "nat", "replication", "cluster", "bridge"}
    assert list(presets()) == sorted(presets())
    for name in presets():
        topology = load(name)
        assert topology.name == name
        assert topology.description
        assert "\n" not in topology.description


def test_the_short_form_gives_the_same_network_as_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SHORT)
    topology = load(str(file))
    assert (topology.name, topology.source) == ("shop", str(file))
    assert topology.plan == load("red-blue").plan


def test_without_mysqld_the_server_listens_on_127_0_0_1_and_in_every_namespace_with_an_address() -> None:
    topology = from_mapping({"namespaces": {"b": "198.51.100.2/24", "a": "2001:db8::2/64", "c": {}}})
    assert topology.mysqld == Mysqld()
    assert topology.bind_address == ("127.0.0.1", "198.51.100.2/b", "2001:db8::2/a")


@pytest.mark.parametrize(
    "value", ["127.0.0.1,192.0.2.2/red", ["127.0.0.1", "192.0.2.2/red"], ("127.0.0.1", "192.0.2.2/red")]
)
def test_bind_address_is_a_comma_list_or_a_list(value: object) -> None:
    topology = from_mapping({**red(), "mysqld": {"bind_address": value}})
    assert topology.bind_address == ("127.0.0.1", "192.0.2.2/red")


def test_everything_of_a_link_can_be_written() -> None:
    keys: dict[str, Any] = {
        "gateway": "192.0.2.254",
        "interface": "eth0",
        "mac": "02:00:5E:00:53:01",
        "mtu": 1400,
        "rate": "10mbit",
    }
    more: dict[str, Any] = {
        "delay": "20ms",
        "loss": "0.5%",
        "outer_interface": "to-red",
        "outer_mac": "02:00:5e:00:53:02",
    }
    topology = from_mapping({**red(**keys, **more), "forwarding": False}, name="shop", source="conftest.py")
    assert topology.plan.veths == (
        Veth(
            End(
                "red",
                "eth0",
                (ip_interface("192.0.2.2/24"),),
                mac="02:00:5e:00:53:01",
                mtu=1400,
                shaping=Shaping(10_000_000, 0.02, 0.5),
            ),
            End("global", "to-red", (ip_interface("192.0.2.254/24"),), mac="02:00:5e:00:53:02", mtu=1400),
            "global",
        ),
    )
    assert topology.plan.routes == (default("red", "192.0.2.254"),)
    assert topology.plan.forwarding == ()
    assert topology == Topology(
        "shop",
        {"red": Namespace((Link("192.0.2.2/24", **keys, **more),))},
        forwarding=False,
    )


@pytest.mark.parametrize("name", presets())
def test_a_topology_written_out_reads_the_same(name: str) -> None:
    topology = load(name)
    assert load(dump(topology)) == topology
    assert load(dump(topology)).plan == topology.plan


def test_a_topology_built_in_python_reads_the_same_from_a_file() -> None:
    topology = Topology(
        "shop",
        {
            "red": Namespace((Link("192.0.2.2/24", gateway=False), Link(("10.0.0.2/24", "fd00::2/64"), to="lan"))),
            "blue": Namespace((Link("198.51.100.2/24", to="red", outer_address="198.51.100.9/24"),), hosts=("b.test",)),
            "own": Namespace(external="/run/netns/own"),
        },
        bridges={"lan": Bridge("10.0.0.1/24", mtu=9000), "wan": Bridge(to=("lan",))},
        routes={"198.51.100.0/24": "192.0.2.2"},
        hosts={"a.test": ("192.0.2.2", "fd00::2")},
        mysqld=Mysqld("127.0.0.1,a.test/red", "192.0.2.2/red", options={"max_connections": 5, "skip_log_bin": True}),
        description='a "shop"',
    )
    assert topology.plan.bind_address == ("127.0.0.1", "a.test/red")
    assert load(dump(topology)) == topology


def test_none_in_python_is_a_key_that_is_not_there() -> None:
    keys: dict[str, object] = {"gateway": None, "interface": None, "outer_interface": None}
    assert from_mapping(red(**keys)) == from_mapping(red())
    assert from_mapping({**red(), "mysqld": None, "forwarding": None}) == from_mapping(red())
    assert from_mapping({**red(), "mysqld": {"bind_address": None}}) == from_mapping(red())


def test_a_namespace_without_a_link_has_a_loopback_alone() -> None:
    topology = from_mapping({"namespaces": {"red": {}}, "mysqld": {"bind_address": "127.0.0.1/red"}})
    assert topology.plan.veths == ()
    assert topology.addresses == {"global": LOOPBACK, "red": LOOPBACK}


# ---- several addresses, links and families


def test_each_family_has_its_gateway_and_default_route() -> None:
    plan = from_mapping({"namespaces": {"red": ["2001:db8::2/64", "192.0.2.2/24", "192.0.2.3/24"]}}).plan
    (veth,) = plan.veths
    assert [str(one) for one in veth.outer.addresses] == ["2001:db8::1/64", "192.0.2.1/24"]
    assert plan.routes == (default("red", "2001:db8::1"), default("red", "192.0.2.1"))
    assert plan.bind_address == ("127.0.0.1", "2001:db8::2/red")


def test_the_first_link_with_a_way_out_has_the_default_route() -> None:
    links = [{"address": "10.0.0.2/24", "to": "blue"}, "192.0.2.2/24", "198.51.100.2/24"]
    plan = from_mapping({"namespaces": {"red": {"links": links}, "blue": {}}}).plan
    assert plan.routes == (default("red", "192.0.2.1"),)
    names = [(veth.inner.interface, veth.outer.namespace, veth.outer.interface) for veth in plan.veths]
    assert names == [
        ("vpeer-red", "blue", "veth-red"),
        ("vpeer-red-1", "global", "veth-red-1"),
        ("vpeer-red-2", "global", "veth-red-2"),
    ]


@pytest.mark.parametrize(
    ("keys", "outer", "routes"),
    [
        ({"gateway": False}, ["192.0.2.1/24"], []),
        ({"outer_address": False}, [], []),
        ({"outer_address": "192.0.2.9/24"}, ["192.0.2.9/24"], ["192.0.2.9"]),
        ({"outer_address": ["192.0.2.9/24", "192.0.2.8/24"], "gateway": "192.0.2.8"}, None, ["192.0.2.8"]),
        ({"routes": {"default": "192.0.2.1"}}, ["192.0.2.1/24"], ["192.0.2.1"]),
    ],
)
def test_gateway_and_the_other_sides_address_are_chosen(
    keys: dict[str, object], outer: list[str] | None, routes: list[str]
) -> None:
    plan = from_mapping(red(**keys)).plan
    if outer is not None:
        assert [str(one) for one in plan.veths[0].outer.addresses] == outer
    assert [str(route.gateway) for route in plan.routes] == routes


def test_a_router_forwards_and_a_link_to_it_has_its_default_route_there() -> None:
    plan = load("cluster").plan
    assert plan.forwarding == ("global", "router")
    assert default("red", "192.0.2.1") in plan.routes
    assert default("router", "10.0.0.1") in plan.routes
    assert Route("global", ip_network("203.0.113.0/24"), ip_address("10.0.0.2")) in plan.routes
    assert [str(one) for one in plan.addresses["router"][:4]] == [
        "10.0.0.2/24",
        "192.0.2.1/24",
        "198.51.100.1/24",
        "203.0.113.1/24",
    ]


def test_a_namespace_that_does_not_forward_is_nobodys_default_route_unless_asked() -> None:
    data = {"namespaces": {"red": {"to": "blue", "address": "10.0.0.2/24"}, "blue": {}}}
    assert from_mapping(data).plan.routes == ()
    data["namespaces"]["red"]["gateway"] = True  # type: ignore[assignment]
    assert from_mapping(data).plan.routes == (default("red", "10.0.0.1"),)


def test_a_bridge_is_the_gateway_of_its_members() -> None:
    plan = load("nat").plan
    assert plan.bridges == (PlannedBridge("docker0", "global", "docker0", (ip_interface("172.17.0.1/16"),)),)
    veth = plan.veths[2]
    assert veth.outer == End("global", "veth-db", bridge="docker0")
    assert default("db", "172.17.0.1") in plan.routes
    assert plan.masquerades == (Masquerade("global", "docker0"),)
    assert PortForward("global", ip_address("192.0.2.1"), 3306, ip_address("172.17.0.2"), 3306) in plan.port_forwards
    assert plan.has_nat


def test_a_port_at_the_loopback_needs_no_forwarding() -> None:
    """It is for the namespace's own connections alone."""
    plan = from_mapping(
        {
            "namespaces": {"red": "192.0.2.2/24"},
            "forwarding": False,
            "publish": {"127.0.0.1:3307": "192.0.2.2:3306"},
            "masquerade": ["veth-red"],
        }
    ).plan
    assert plan.forwarding == ()
    assert [(str(rule.address), rule.port, str(rule.to)) for rule in plan.port_forwards] == [
        ("127.0.0.1", 3307, "192.0.2.2")
    ]


def test_a_port_may_be_published_at_one_address() -> None:
    publish = {"[2001:db8::1]:13306": "[2001:db8::2]:3306"}
    plan = from_mapping({"namespaces": {"red": "2001:db8::2/64"}, "publish": publish}).plan
    assert plan.port_forwards == (
        PortForward("global", ip_address("2001:db8::1"), 13306, ip_address("2001:db8::2"), 3306),
    )


def test_bridges_may_be_joined_across_namespaces() -> None:
    data = {
        "namespaces": {
            "red": {"to": "lan", "address": "10.0.0.2/24"},
            "blue": {"to": "wan", "address": "10.0.0.3/24", "gateway": "10.0.0.2"},
            "hub": {},
        },
        "bridges": {"lan": {}, "wan": {"namespace": "hub", "to": "lan"}},
    }
    plan = from_mapping(data).plan
    joint = plan.veths[-1]
    assert (joint.inner.namespace, joint.inner.bridge) == ("hub", "br-wan")
    assert (joint.outer.namespace, joint.outer.bridge) == ("global", "br-lan")
    assert plan.routes == (default("blue", "10.0.0.2"),)


def test_host_names_are_those_of_the_topology_and_of_its_namespaces() -> None:
    data = {**red(hosts=["red.db.test"]), "hosts": {"db.test": ["192.0.2.2", "192.0.2.1"]}}
    topology = from_mapping({**data, "mysqld": {"bind_address": ["127.0.0.1", "RED.db.test/red"]}})
    assert topology.plan.hosts == (
        ("db.test", ip_address("192.0.2.2")),
        ("db.test", ip_address("192.0.2.1")),
        ("red.db.test", ip_address("192.0.2.2")),
    )


def test_the_same_address_in_two_namespaces_is_no_fault_where_no_third_meets_both() -> None:
    data = {
        "namespaces": {"red": "192.0.2.2/24", "blue": {"to": "green", "address": "192.0.2.2/24"}, "green": {}},
    }
    assert from_mapping(data).bind_address == ("127.0.0.1", "192.0.2.2/red", "192.0.2.2/blue", "192.0.2.1/green")
