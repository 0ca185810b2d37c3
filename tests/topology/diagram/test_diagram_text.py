"""The drawing of a topology as text, as people read it in a terminal."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.topology.diagram import FORMATS, draw
from pytest_netns_mysql.topology.file.load import from_mapping, load, presets
from pytest_netns_mysql.topology.topology import Topology

RED_BLUE = """\
topology red-blue (preset red-blue), forwarding on

red <=> global <=> blue

red     vpeer-red 192.0.2.2/24, default via 192.0.2.1
global  veth-red 192.0.2.1/24
blue    vpeer-blue 198.51.100.2/24, default via 198.51.100.1
global  veth-blue 198.51.100.1/24

mysqld listens on
global  127.0.0.1, port 3306
red     192.0.2.2/red, port 3306
blue    198.51.100.2/blue, port 3306"""

SHOP = """\
topology shop (shop.toml), forwarding off

warehouse <=> global

warehouse  eth0 2001:db8::2/64, default via 2001:db8::fe
global     to-stock 2001:db8::fe/64

mysqld listens on
warehouse  2001:db8::2/warehouse, port 3306
global     2001:db8::fe, port 3306"""

EVERYTHING = {
    "description": "each thing once",
    "bridges": {"lan": {"address": "172.18.0.1/16", "mtu": 1400}},
    "masquerade": ["br-lan"],
    "publish": {"192.0.2.1:3307": "172.18.0.2:3306"},
    "routes": {"10.9.0.0/24": "10.0.0.2"},
    "hosts": {"far.test": ["203.0.113.1", "2001:db8::1"]},
    "namespaces": {
        "red": {
            "address": "192.0.2.2/24",
            "mac": "02:00:5e:00:53:01",
            "mtu": 1400,
            "rate": "10mbit",
            "delay": "20ms",
            "loss": "1%",
        },
        "router": {"address": "10.0.0.2/24", "forwarding": True, "masquerade": True},
        "office": {"address": "10.9.0.2/24", "to": "router", "gateway": False, "routes": {"10.0.0.0/8": "10.9.0.1"}},
        "db": {"to": "lan", "address": ["172.18.0.2/16", "fd00::2/64"], "hosts": ["db.test"]},
        "alone": {},
        "old": {"external": "/run/netns/old"},
    },
    "mysqld": {
        "bind_address": ["127.0.0.1"],
        "admin_address": "172.18.0.2/db",
        "mysqlx_bind_address": ["172.18.0.2/db"],
        "options": {"port": 3307, "loose-mysqlx-port": "33070"},
    },
}

EVERYTHING_DRAWN = """\
topology all (Python), forwarding on
each thing once

red <=> global <=> router <=> office
db <=> [lan]
alone
old
[lan] lies in global

red     vpeer-red 192.0.2.2/24, mac 02:00:5e:00:53:01, mtu 1400, rate 10mbit, delay 20ms, loss 1%, \
default via 192.0.2.1
global  veth-red 192.0.2.1/24, mtu 1400
router  vpeer-router 10.0.0.2/24, default via 10.0.0.1
global  veth-router 10.0.0.1/24
office  vpeer-office 10.9.0.2/24
router  veth-office 10.9.0.1/24
db      vpeer-db 172.18.0.2/16 fd00::2/64, default via 172.18.0.1
global  veth-db, port of lan
global  br-lan 172.18.0.1/16, bridge lan, mtu 1400

global  10.9.0.0/24 via 10.0.0.2
global  masquerades what leaves by br-lan
global  publishes 192.0.2.1:3307 to 172.18.0.2:3306
router  forwards
router  masquerades what leaves by any interface
office  10.0.0.0/8 via 10.9.0.1
old     exists already: /run/netns/old

host names
far.test  203.0.113.1, 2001:db8::1
db.test   172.18.0.2, fd00::2

mysqld listens on
global  127.0.0.1, port 3307
db      172.18.0.2/db, port 33062 (admin)
db      172.18.0.2/db, port 33070 (X)"""


def subnets(names: str) -> dict[str, Any]:
    return {"namespaces": {name: f"10.0.{number}.2/24" for number, name in enumerate(names)}}


def chains(topology: Topology) -> list[str]:
    """Return the lines of a drawing that tell the links."""
    return [line for line in draw(topology).split("\n\n")[1].splitlines() if "<=>" in line]


def test_the_default_is_drawn_as_the_manual_lays_it_out() -> None:
    topology = load("red-blue")
    assert draw(dataclasses.replace(topology, description="")) == RED_BLUE
    first, rest = RED_BLUE.split("\n", 1)
    assert draw(topology) == f"{first}\n{topology.description}\n{rest}"


def test_what_is_written_is_drawn_in_columns_as_wide_as_the_longest_name() -> None:
    warehouse = {
        "address": "2001:db8::2/64",
        "gateway": "2001:db8::fe",
        "interface": "eth0",
        "outer_interface": "to-stock",
    }
    data = {
        "namespaces": {"warehouse": warehouse},
        "forwarding": False,
        "mysqld": {"bind_address": ["2001:db8::2/warehouse", "2001:db8::fe"]},
    }
    assert draw(from_mapping(data, name="shop", source="shop.toml"), "text") == SHOP


def test_each_thing_that_a_topology_can_say_is_drawn() -> None:
    assert draw(from_mapping(EVERYTHING, name="all")) == EVERYTHING_DRAWN


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(subnets("a"), ["a <=> global"], id="one"),
        pytest.param(subnets("ab"), ["a <=> global <=> b"], id="two"),
        pytest.param(subnets("abc"), ["a <=> global <=> b", "c <=> global"], id="three"),
        pytest.param(subnets("abcd"), ["a <=> global <=> b", "c <=> global <=> d"], id="four"),
        pytest.param(
            {
                "namespaces": {
                    "one": {"address": "10.0.1.2/24", "to": "router"},
                    "two": {"address": "10.0.2.2/24", "to": "router"},
                    "router": {"forwarding": True},
                }
            },
            ["one <=> router <=> two"],
            id="router",
        ),
        pytest.param(
            {
                "bridges": {"lan": "10.0.0.1/24"},
                "namespaces": {
                    name: {"address": f"10.0.0.{number}/24", "to": "lan"} for number, name in enumerate("xyz", 2)
                },
            },
            ["x <=> [lan] <=> y", "z <=> [lan]"],
            id="bridge",
        ),
        pytest.param(
            {
                "bridges": {"lan": {"address": "10.0.0.1/24", "to": ["wan"]}, "wan": {}},
                "namespaces": {
                    "x": {"address": "10.0.0.2/24", "to": "lan"},
                    "y": {"address": "10.0.0.3/24", "to": "wan"},
                },
            },
            ["x <=> [lan] <=> [wan] <=> y"],
            id="joined bridges",
        ),
        pytest.param(
            {"namespaces": {"twice": {"links": ["10.0.1.2/24", "10.0.2.2/24"]}}},
            ["global <=> twice <=> global"],
            id="two links",
        ),
        pytest.param(
            {
                "namespaces": {
                    "a": {"links": [{"address": "10.0.1.2/24", "to": "b"}, {"address": "10.0.2.2/24", "to": "c"}]},
                    "b": {"links": [{"address": "10.0.3.2/24", "to": "c"}]},
                    "c": {},
                }
            },
            ["b <=> c <=> a <=> b"],
            id="circle",
        ),
    ],
)
def test_a_line_goes_on_through_what_joins_two_others(data: dict[str, Any], expected: list[str]) -> None:
    assert chains(from_mapping(data)) == expected


@pytest.mark.parametrize("count", [1, 2, 5, 12, 31])
@pytest.mark.parametrize("name", [*presets(), "mesh"])
def test_each_link_is_drawn_exactly_once_and_no_other(name: str, count: int) -> None:
    topology = from_mapping(mesh(count)) if name == "mesh" else load(name)
    bridges = {(one.namespace, one.interface): f"[{one.name}]" for one in topology.plan.bridges}
    links: Counter[frozenset[str]] = Counter()
    for veth in topology.plan.veths:
        ends = (veth.inner, veth.outer)
        links[frozenset(bridges.get((end.namespace, end.bridge or ""), end.namespace) for end in ends)] += 1
    drawn: Counter[frozenset[str]] = Counter()
    for line in chains(topology):
        nodes = line.split(" <=> ")
        drawn.update(frozenset(pair) for pair in pairwise(nodes))
    assert drawn == links


def mesh(count: int) -> dict[str, Any]:
    """Return namespaces that are each linked to three of those before them, and to ``global``."""
    namespaces: dict[str, Any] = {}
    for number in range(count):
        targets = ["global", *(f"n{one}" for one in {number // 2, number // 3, number - 1} if 0 <= one < number)]
        links = [
            {"address": f"10.{number}.{place}.2/24", "to": to, "gateway": False} for place, to in enumerate(targets)
        ]
        namespaces[f"n{number}"] = {"links": links}
    return {"namespaces": namespaces}


def test_a_wildcard_is_drawn_as_it_is_written() -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}, "mysqld": {"bind_address": "*"}})
    assert draw(topology).splitlines()[-2:] == ["mysqld listens on", "global  *, port 3306"]


@pytest.mark.parametrize("name", presets())
def test_no_line_of_a_preset_ends_in_space_and_each_address_is_drawn(name: str) -> None:
    topology = load(name)
    drawing = draw(topology)
    assert [line for line in drawing.splitlines() if line != line.rstrip()] == []
    for end in topology.plan.ends:
        assert " ".join((end.interface, *map(str, end.addresses))) in drawing


def test_a_file_is_named_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[namespaces]\nred = "192.0.2.2/24"\n')
    assert draw(load(str(file))).splitlines()[0] == f"topology shop ({file}), forwarding on"


def test_a_terminal_shows_control_characters_and_obeys_none() -> None:
    topology = from_mapping({"description": "a\x1b[2Jb\tc", "namespaces": {"\x1b[31mred": "192.0.2.2/24"}})
    drawing = draw(topology)
    assert drawing.replace("\n", "").isprintable()
    assert "\\x1b[31mred <=> global" in drawing


def test_columns_fit_wide_characters() -> None:
    lines = draw(from_mapping({"namespaces": {"数据库": "192.0.2.2/24", "blue": "198.51.100.2/24"}})).splitlines()
    assert "数据库  vpeer0 192.0.2.2/24, default via 192.0.2.1" in lines
    assert "blue    vpeer-blue 198.51.100.2/24, default via 198.51.100.1" in lines


def test_a_format_that_there_is_not_is_named_with_those_that_there_are() -> None:
    assert FORMATS == ("text", "mermaid", "dot", "svg", "json")
    with pytest.raises(ValueError, match="there is no format 'png': it must be one of text, mermaid, dot, svg, json"):
        draw(load("red-blue"), "png")
