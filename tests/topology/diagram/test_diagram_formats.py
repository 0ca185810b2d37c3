"""The drawings for other programs: Mermaid, Graphviz and JSON, which hostile names must not break."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pytest_netns_mysql.topology.diagram import FORMATS, draw
from pytest_netns_mysql.topology.file.load import from_mapping, load, presets
from pytest_netns_mysql.topology.tomltext import toml_line
from pytest_netns_mysql.topology.topology import Topology

HOSTILE = (
    '"]}--x{{"',
    "end",
    "a\\",
    "<script>&amp;`x`",
    "\x1b[31mred",
    "#quot;",
    "%%{init:x}%%",
    "*_x_*",
    'a";b',
    "数据库",
    "émoji🦭",
)

MERMAID = """\
---
title: "red-blue (preset red-blue), forwarding on"
---
flowchart LR
    n0["global<br/>veth-red 192.0.2.1/24<br/>veth-blue 198.51.100.1/24<br/>mysqld 127.0.0.1:3306"]
    n1["red<br/>vpeer-red 192.0.2.2/24<br/>default via 192.0.2.1<br/>mysqld 192.0.2.2:3306"]
    n2["blue<br/>vpeer-blue 198.51.100.2/24<br/>default via 198.51.100.1<br/>mysqld 198.51.100.2:3306"]
    n1 ---|"vpeer-red to veth-red"| n0
    n0 ---|"veth-blue to vpeer-blue"| n2
    classDef namespace fill:#f4f6fb,stroke:#5b6b8c,color:#1c2333
    classDef bridge fill:#e7eef0,stroke:#4f7c86,color:#1c2333
    classDef mysqld stroke:#c76b1c,stroke-width:3px
    classDef nat stroke-dasharray:6 3
    class n0,n1,n2 namespace
    class n0,n1,n2 mysqld"""

DOT_LINES = (
    r'    "red" [label="red\lvpeer-red 192.0.2.2/24\ldefault via 192.0.2.1\lmysqld 192.0.2.2:3306\l", '
    r'color="#c76b1c", penwidth=2];',
    r'    "red" -- "global" [label="vpeer-red\nto veth-red"];',
    r'    "global" -- "blue" [label="veth-blue\nto vpeer-blue"];',
)


def hostile() -> Topology:
    """Return a topology whose every text holds what means something to one of the formats."""
    namespaces: dict[str, Any] = {name: f"10.7.{number}.2/24" for number, name in enumerate(HOSTILE)}
    namespaces["on"] = {"to": 'br"]<&\\', "address": "172.20.0.2/16", "interface": 'e"<&>\\'}
    data = {
        "description": 'x"]; <b>&\x07 \\\n%%{init}%%\n---',
        "bridges": {'br"]<&\\': {"address": "172.20.0.1/16", "interface": 'b<&">\\'}},
        "namespaces": namespaces,
    }
    return from_mapping(data, name='na"me\\', source='<"src">\\')


def dot_strings(drawing: str) -> tuple[list[str], str]:
    """Return the strings of a drawing as Graphviz reads them, and what is outside of them."""
    found = re.findall(r'"((?:\\.|[^"\\])*)"', drawing, re.DOTALL)
    return found, re.sub(r'"((?:\\.|[^"\\])*)"', "", drawing, flags=re.DOTALL)


def test_mermaid_draws_the_default() -> None:
    assert draw(load("red-blue"), "mermaid") == MERMAID


def test_mermaid_tells_bridges_and_nat() -> None:
    lines = draw(load("nat"), "mermaid").splitlines()
    assert '    n4{{"docker0<br/>bridge"}}' in lines
    assert '    n3 ---|"eth0 to veth-db"| n4' in lines
    assert '    n0 -.-|"docker0"| n4' in lines
    assert "    class n0 nat" in lines
    assert "masquerades what leaves by docker0<br/>publishes 172.17.0.1:3306 to 172.17.0.2:3306" in "\n".join(lines)


def test_mermaid_takes_no_hostile_name_for_syntax() -> None:
    lines = draw(hostile(), "mermaid").splitlines()
    assert json.loads(lines[1].removeprefix("title: ")) == 'na"me\\ (<"src">\\), forwarding on'
    label = r'"(?:[^"`\\<>&%{}_*\[\]]|<br/>)+"'
    node = re.compile(rf" {{4}}n\d+(?:\[{label}\]|{{{{{label}}}}})")
    edge = re.compile(rf" {{4}}n\d+ (?:---|-\.-)\|{label}\| n\d+")
    for line in lines[4:]:
        assert node.fullmatch(line) or edge.fullmatch(line) or re.match(" {4}class(Def)? ", line), line
    unescaped = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), "\n".join(lines))
    for name in HOSTILE:
        assert f'["{name}<br/>'.replace("\x1b", "\\x1b") in unescaped


def test_dot_draws_the_default() -> None:
    lines = draw(load("red-blue"), "dot").splitlines()
    assert lines[0] == 'graph "red-blue" {'
    assert [line for line in DOT_LINES if line not in lines] == []


def test_dot_tells_bridges_and_nat() -> None:
    drawing = draw(load("nat"), "dot")
    assert '"docker0" [shape=hexagon' in drawing
    assert '"db" -- "docker0" [label="eth0\\nto veth-db"]' in drawing
    assert '"global" -- "docker0" [label="docker0", style=dashed]' in drawing
    assert 'style="rounded,filled,dashed"];' in drawing
    assert "publishes 172.17.0.1:3306 to 172.17.0.2:3306\\l" in drawing


def test_dot_takes_no_hostile_name_for_syntax() -> None:
    strings, rest = dot_strings(draw(hostile(), "dot"))
    assert re.fullmatch(r"[a-zA-Z0-9 \n\[\]{}=,;.-]*", rest)
    for name in HOSTILE:
        shown = name.replace("\x1b", "\\x1b").replace("\\", "\\\\").replace('"', '\\"')
        assert shown in strings
        assert any(string.startswith(shown.replace("&", "&amp;") + "\\l") for string in strings)


def test_json_gives_the_plan_as_plain_data() -> None:
    data = json.loads(draw(load("nat"), "json"))
    assert sorted(data) == ["bridges", "description", "endpoints", "hosts", "links", "name", "namespaces", "source"]
    assert data["name"] == "nat"
    assert data["source"] == "preset nat"
    assert list(data["namespaces"]) == ["blue", "db", "global", "red"]
    assert data["namespaces"]["db"] == {
        "interfaces": [
            {
                "name": "eth0",
                "kind": "veth",
                "addresses": ["172.17.0.2/16"],
                "mac": None,
                "mtu": None,
                "peer": {"namespace": "global", "interface": "veth-db"},
                "port_of": None,
                "rate": None,
                "delay": None,
                "loss": None,
            }
        ],
        "routes": [{"destination": "0.0.0.0/0", "gateway": "172.17.0.1"}],
        "forwarding": False,
        "masquerade": [],
        "publish": [],
        "hosts": [],
        "external": None,
    }
    router = data["namespaces"]["global"]
    assert router["forwarding"] is True
    assert router["masquerade"] == ["docker0"]
    assert router["publish"][0] == {
        "address": "172.17.0.1",
        "port": 3306,
        "to_address": "172.17.0.2",
        "to_port": 3306,
    }
    assert [(one["name"], one["kind"], one["port_of"]) for one in router["interfaces"]] == [
        ("veth-red", "veth", None),
        ("veth-blue", "veth", None),
        ("veth-db", "veth", "docker0"),
        ("docker0", "bridge", None),
    ]
    assert data["bridges"]["docker0"] == {
        "namespace": "global",
        "interface": "docker0",
        "addresses": ["172.17.0.1/16"],
        "mtu": None,
        "ports": [{"namespace": "global", "interface": "veth-db"}],
    }
    assert data["links"][2] == [
        {"namespace": "db", "interface": "eth0", "node": "db"},
        {"namespace": "global", "interface": "veth-db", "node": "docker0"},
    ]
    assert data["endpoints"][1] == {
        "parameter": "bind_address",
        "value": "172.17.0.2/db",
        "address": "172.17.0.2",
        "namespace": "db",
        "port": 3306,
    }


def test_json_gives_units_that_need_no_parsing() -> None:
    red = {"address": "192.0.2.2/24", "rate": "10mbit", "delay": "20ms", "loss": "1%", "mtu": 1400, "hosts": ["r.test"]}
    data = json.loads(draw(from_mapping({"namespaces": {"red": red, "old": {"external": 4711}}}), "json"))
    (interface,) = data["namespaces"]["red"]["interfaces"]
    assert (interface["rate"], interface["delay"], interface["loss"], interface["mtu"]) == (10_000_000, 0.02, 1, 1400)
    assert data["namespaces"]["red"]["hosts"] == ["r.test"]
    assert data["hosts"] == {"r.test": ["192.0.2.2"]}
    assert data["namespaces"]["old"]["external"] == "4711"


def test_json_keeps_hostile_names_and_sorts_its_keys() -> None:
    drawing = draw(hostile(), "json")
    data = json.loads(drawing)
    assert set(HOSTILE) <= set(data["namespaces"])
    assert drawing == json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False)


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("form", FORMATS)
def test_each_preset_is_drawn_in_each_format_with_all_its_addresses(name: str, form: str) -> None:
    topology = load(name)
    drawing = draw(topology, form)
    assert drawing == drawing.strip()
    for namespace, addresses in topology.addresses.items():
        assert namespace in drawing
        for address in addresses:
            assert address.is_loopback or str(address) in drawing


def test_json_and_toml_escape_what_a_terminal_obeys() -> None:
    hostile = "\x9b31m \x7f \u202e 数据库 🦭"
    text = draw(from_mapping({"description": hostile, "namespaces": {"red": "192.0.2.2/24"}}), "json")
    assert json.loads(text)["description"] == hostile
    assert "\\u009b31m \\u007f \\u202e 数据库 🦭" in text
    assert toml_line("description", hostile) == 'description = "\\U0000009B31m \\U0000007F \\U0000202E 数据库 🦭"'
