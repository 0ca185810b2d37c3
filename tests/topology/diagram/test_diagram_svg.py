"""The picture: it is XML, all is in it, nothing lies on anything else, and lines end where they belong."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations
from typing import Any

import pytest

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram import draw, tones
from pytest_netns_mysql.topology.diagram.card import Card, cards
from pytest_netns_mysql.topology.diagram.characters import clipped, span, wrapped
from pytest_netns_mysql.topology.diagram.graph import graph
from pytest_netns_mysql.topology.diagram.layout import Box, Layout, layout
from pytest_netns_mysql.topology.file.load import from_mapping, load, presets
from pytest_netns_mysql.topology.topology import Topology

SVG = "{http://www.w3.org/2000/svg}"


def shops(count: int) -> dict[str, Any]:
    return {"namespaces": {f"shop{number}": f"10.{number // 200}.{number % 200}.2/24" for number in range(count)}}


def segment(count: int) -> dict[str, Any]:
    members = {f"node{number}": {"to": "lan", "address": f"172.18.1.{number + 2}/16"} for number in range(count)}
    return {"bridges": {"lan": "172.18.0.1/16"}, "namespaces": members}


NETWORKS: dict[str, dict[str, Any]] = {
    "one": shops(1),
    "five": shops(5),
    "thirty": shops(30),
    "three hundred": shops(300),
    "segment": segment(3),
    "large segment": segment(12),
    "mesh": {
        "namespaces": {
            f"n{number}": {
                "links": [
                    {"address": f"10.{number}.{place}.2/24", "to": f"n{to}", "gateway": False}
                    for place, to in enumerate(range(max(0, number - 3), number))
                ]
            }
            for number in range(9)
        }
    },
    "chain": {
        "namespaces": {
            f"hop{number}": {"address": f"10.0.{number}.2/24", "forwarding": True, "to": f"hop{number - 1}"}
            if number
            else {"address": "10.0.0.2/24", "forwarding": True}
            for number in range(250)
        }
    },
    "tangle": {
        "description": "circles, islands, joined bridges, an external one",
        "bridges": {"lan": {"address": "172.18.0.1/16", "to": ["wan"]}, "wan": {"namespace": "r2"}, "empty": {}},
        "namespaces": {
            "r1": {"forwarding": True, "links": ["10.0.1.2/24", {"address": "10.0.12.1/24", "to": "r2"}]},
            "r2": {"forwarding": True, "links": ["10.0.2.2/24"], "masquerade": True},
            "a": {"links": [{"address": "10.1.0.2/24", "to": "r1"}, {"address": "10.2.0.2/24", "to": "r2"}]},
            "m": {"to": "lan", "address": "172.18.0.2/16"},
            "w": {"to": "wan", "address": "172.18.0.3/16"},
            "twice": {"links": ["10.3.0.2/24", "10.4.0.2/24"]},
            "island": {},
            "x": {"to": "y", "address": "10.5.0.1/24"},
            "y": {},
            "ext": {"external": "/run/netns/" + "long" * 40},
        },
    },
    "long": {
        "description": "MANY WORDS " * 40 + "w" * 300,
        "namespaces": {
            "w" * 255: ["2001:db8:1234:5678:9abc:def0:1234:5678/64", "192.0.2.2/24"],
            'naïve<b>&"quoted"\x07': "198.51.100.2/24",
            "数据库服务器": "203.0.113.2/24",
        },
        "mysqld": {"admin_address": "203.0.113.2/数据库服务器", "mysqlx_bind_address": ["203.0.113.2/数据库服务器"]},
        "hosts": {"far.test": "192.0.2.99"},
    },
}
ALL = [*presets(), *NETWORKS]


def topology_of(name: str) -> Topology:
    return from_mapping(NETWORKS[name], name=name) if name in NETWORKS else load(name)


def placed(topology: Topology) -> tuple[Layout, dict[str, Card]]:
    contents = cards(topology)
    return layout(graph(topology.plan), contents, 420), contents


def text_of(drawing: str) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(drawing).iter(f"{SVG}text")]


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@pytest.mark.parametrize("name", ALL)
def test_the_picture_is_xml_that_tells_what_it_is(name: str) -> None:
    topology = topology_of(name)
    root = ET.fromstring(draw(topology, "svg"))
    assert root.tag == f"{SVG}svg"
    assert root.get("version") == "1.1"
    assert root.get("role") == "img"
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == f"topology {name} ({topology.source})"
    assert root[1].tag == f"{SVG}desc"
    assert "mysqld listens on 127.0.0.1" in (root[1].text or "")


@pytest.mark.parametrize("name", ALL)
def test_each_name_interface_and_address_is_in_the_picture(name: str) -> None:
    topology = topology_of(name)
    drawing = draw(topology, "svg")
    texts = text_of(drawing)
    titles = [one.text for one in ET.fromstring(drawing).iter(f"{SVG}title")]
    for namespace, addresses in topology.addresses.items():
        assert clipped(printable(namespace), 36) in texts
        assert printable(namespace) in titles
        assert [one for one in addresses if not one.is_loopback and str(one) not in texts] == []
    assert {end.interface for end in topology.plan.ends} <= set(texts)
    assert {bridge.name for bridge in topology.plan.bridges} <= set(texts)


@pytest.mark.parametrize("name", ALL)
def test_no_box_lies_on_another_and_all_are_inside(name: str) -> None:
    place, _ = placed(topology_of(name))
    boxes = list(place.boxes.values())
    assert [(one.node, other.node) for one, other in combinations(boxes, 2) if overlap(one, other)] == []
    for box in boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= place.width + 0.01
        assert box.y + box.height <= place.height + 0.01


@pytest.mark.parametrize("name", ALL)
def test_interfaces_lie_below_each_other_inside_of_their_box(name: str) -> None:
    place, contents = placed(topology_of(name))
    for box in place.boxes.values():
        for side in (-1, 1):
            edges = sorted((edge for edge, there in box.sides.items() if there == side), key=box.ports.__getitem__)
            heights = [
                contents[box.node].entries[edge.at(box.node).interface].height if not box.is_bar else 12.0
                for edge in edges
            ]
            ends = [box.ports[edge] + height for edge, height in zip(edges, heights, strict=True)]
            assert all(end <= box.ports[edge] + 0.01 for end, edge in zip(ends, edges[1:], strict=False))
            assert all(box.y < box.ports[edge] < box.y + box.height for edge in edges)


@pytest.mark.parametrize("name", ALL)
def test_what_stands_inside_a_box_fits(name: str) -> None:
    place, contents = placed(topology_of(name))
    for node, card in contents.items():
        box = place.boxes[node]
        lines = [*card.rules, *card.server, *(one for entry in card.entries.values() for one in entry.addresses)]
        assert span(card.title, 14) < box.width - 20
        assert max((len(line) * 6.02 for line in lines), default=0) < box.width - 20


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("tangle", "mesh")])
def test_lines_are_level_where_nothing_goes_round_in_a_circle(name: str) -> None:
    place, _ = placed(topology_of(name))
    for edge in place.edges:
        one, other = place.boxes[edge.start.node], place.boxes[edge.end.node]
        assert one.ports[edge] == pytest.approx(other.ports[edge])


@pytest.mark.parametrize("name", ALL)
def test_no_level_line_passes_behind_a_box(name: str) -> None:
    place, _ = placed(topology_of(name))
    for edge in place.edges:
        ends = (edge.start.node, edge.end.node)
        (left, y), (right, to_y) = sorted(place.boxes[node].port(edge) for node in ends)
        if y == pytest.approx(to_y):
            others = [box for node, box in place.boxes.items() if node not in ends]
            met = [box.node for box in others if box.x < right and left < box.x + box.width]
            assert [
                node for node in met if place.boxes[node].y < y < place.boxes[node].y + place.boxes[node].height
            ] == []


@pytest.mark.parametrize("name", ALL)
def test_each_line_is_drawn_once_from_box_to_box(name: str) -> None:
    topology = topology_of(name)
    network = graph(topology.plan)
    paths = [
        one for one in ET.fromstring(draw(topology, "svg")).iter(f"{SVG}path") if one.find(f"{SVG}title") is not None
    ]
    assert len(paths) == len(network.links) + len(network.attachments)
    place, _ = placed(topology)
    for edge in place.edges:
        for node in (edge.start.node, edge.end.node):
            box, (x, y) = place.boxes[node], place.boxes[node].port(edge)
            assert box.x - 0.01 <= x <= box.x + box.width + 0.01
            assert box.y <= y <= box.y + box.height


@pytest.mark.parametrize("name", ALL)
def test_every_length_is_inside_of_the_viewbox(name: str) -> None:
    root = ET.fromstring(draw(topology_of(name), "svg"))
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    (inner,) = root.findall(f"{SVG}g[@transform]")
    left, top = map(float, re.findall(r"[\d.]+", inner.get("transform", "")))
    for one in inner.iter():
        x, y = float(one.get("x", one.get("cx", 0))) + left, float(one.get("y", one.get("cy", 0))) + top
        assert 0 <= x <= x + float(one.get("width", 0)) <= width
        assert 0 <= y <= y + float(one.get("height", 0)) <= height


def test_global_stands_between_red_and_blue() -> None:
    place, _ = placed(load("red-blue"))
    red, middle, blue = (place.boxes[name] for name in ("red", "global", "blue"))
    assert red.x + red.width < middle.x < middle.x + middle.width < blue.x
    assert red.y == middle.y == blue.y


def test_members_of_a_large_segment_stand_at_both_sides_of_it() -> None:
    place, _ = placed(topology_of("large segment"))
    bar = place.boxes["lan"]
    assert sum(box.x < bar.x for box in place.boxes.values()) == 7
    assert sum(box.x > bar.x for box in place.boxes.values()) == 6


def test_badges_tell_forwarding_and_nat_and_where_mysqld_listens() -> None:
    texts = text_of(draw(load("nat"), "svg"))
    assert {"forwards", "NAT", "external"} & set(texts) == {"forwards", "NAT"}
    assert "masquerades what leaves by docker0" in texts
    assert "172.17.0.2:3306" in texts
    assert texts.count("mysqld") == 2


def test_a_namespace_called_by_a_colour_has_a_tone_of_it() -> None:
    found = tones.tones(["global", "red", "Blue", "shop", "office"])
    assert len(set(found.values())) == 5
    for name, strongest in (("red", 0), ("Blue", 2)):
        parts = [int(found[name][at : at + 2], 16) for at in (1, 3, 5)]
        assert parts.index(max(parts)) == strongest


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


COLOURS = (
    "amber aqua beige black blue brown coral crimson cyan gold gray green grey indigo lime magenta maroon navy olive "
    "orange pink purple red salmon silver teal turquoise violet white yellow"
)


def test_every_text_is_legible_on_its_ground() -> None:
    heads = tones.tones(["global", *COLOURS.split(), *(f"other{number}" for number in range(10))])
    pairs = [(head, "#ffffff") for head in heads.values()]
    pairs += [(ink, ground) for ink in (tones.INK, tones.QUIET, tones.BRIDGE) for ground in (tones.PAPER, tones.CARD)]
    pairs += [(tones.INK, tones.SERVER_PAPER), (tones.SERVER, tones.SERVER_PAPER)]
    assert [(pair, contrast(*pair)) for pair in pairs if contrast(*pair) < 4.5] == []


def test_a_long_line_is_wrapped_and_a_long_word_cut() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("abcdefgh ij", 3) == ["abc", "def", "gh", "ij"]
    assert wrapped(" ", 3) == []
    assert clipped("application-server-1", 11) == "appli…ver-1"
