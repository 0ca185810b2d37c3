"""The drawing of a topology, as people read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql.topology.diagram import text
from pytest_netns_mysql.topology.load import from_mapping, load, presets

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


def test_the_default_is_drawn_as_the_manual_lays_it_out() -> None:
    assert text(load("red-blue")) == RED_BLUE


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
    assert text(from_mapping(data, name="shop", source="shop.toml")) == SHOP


@pytest.mark.parametrize(
    ("names", "chain"),
    [
        ("a", "a <=> global"),
        ("ab", "a <=> global <=> b"),
        ("abc", "a <=> b <=> global <=> c"),
        ("abcd", "a <=> b <=> global <=> c <=> d"),
    ],
)
def test_global_stands_in_the_middle(names: str, chain: str) -> None:
    topology = from_mapping({"namespaces": {name: f"10.0.{number}.2/24" for number, name in enumerate(names)}})
    assert text(topology).splitlines()[2] == chain


def test_a_wildcard_is_drawn_as_it_is_written() -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}, "mysqld": {"bind_address": "*"}})
    assert text(topology).splitlines()[-2:] == ["mysqld listens on", "global  *, port 3306"]


@pytest.mark.parametrize("name", presets())
def test_no_line_of_a_preset_ends_in_space_and_each_address_is_drawn(name: str) -> None:
    topology = load(name)
    drawing = text(topology)
    assert [line for line in drawing.splitlines() if line != line.rstrip()] == []
    for link in topology.links:
        assert f"{link.interface} {link.address}" in drawing
        assert f"{link.outer_interface} {link.gateway}" in drawing


def test_a_file_is_named_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[namespaces]\nred = "192.0.2.2/24"\n')
    assert text(load(str(file))).splitlines()[0] == f"topology shop ({file}), forwarding on"
