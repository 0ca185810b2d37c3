"""The drawing of a topology as text, in the manner of the manual: red <=> global <=> blue."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram.chains import chains
from pytest_netns_mysql.topology.diagram.characters import cells, padded
from pytest_netns_mysql.topology.diagram.facts import Facts, host_names
from pytest_netns_mysql.topology.diagram.graph import Graph, graph
from pytest_netns_mysql.topology.diagram.serverlabels import server_labels
from pytest_netns_mysql.topology.topology import Topology

Row = tuple[str, str]


def draw(topology: Topology) -> str:
    """Return the drawing: a line for each link, interface, rule, host name and endpoint."""
    plan = topology.plan
    facts = Facts(plan)
    width = max(cells(printable(name)) for name in (GLOBAL, *plan.namespaces))
    parts = [
        _head(topology),
        _links(graph(plan)),
        _columns(_interfaces(facts), width),
        _columns(_rules(facts), width),
        _section("host names", [(name, ", ".join(addresses)) for name, addresses in host_names(plan).items()], 0),
        _section("mysqld listens on", _endpoints(topology), width),
        [printable(note) for note in topology.notes],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _head(topology: Topology) -> list[str]:
    forwarding = "on" if topology.forwarding else "off"
    first = f"topology {topology.name} ({topology.source}), forwarding {forwarding}"
    described = [line.expandtabs().rstrip() for line in topology.description.splitlines()]
    return [printable(line) for line in (first, *described) if line]


def _links(network: Graph) -> list[str]:
    def as_text(node: str) -> str:
        return f"[{printable(node)}]" if node in network.bridges else printable(node)

    lines = [" <=> ".join(map(as_text, chain)) for chain in chains(network.links)]
    joined = {end.node for edge in (*network.links, *network.attachments) for end in (edge.start, edge.end)}
    lines += [as_text(name) for name in network.namespaces if name not in joined]
    return lines + [f"{as_text(name)} lies in {as_text(bridge.namespace)}" for name, bridge in network.bridges.items()]


def _interfaces(facts: Facts) -> list[Row]:
    rows = []
    for interface in facts.interfaces:
        route = facts.default_routes(interface.namespace, interface.name)
        parts = (" ".join((interface.name, *interface.addresses)), *interface.remarks, *route)
        rows.append((interface.namespace, ", ".join(parts)))
    return rows


def _rules(facts: Facts) -> list[Row]:
    return [(name, line) for name in (GLOBAL, *facts.plan.namespaces) for line in facts.rules(name)]


def _endpoints(topology: Topology) -> list[Row]:
    return [
        (
            label.endpoint.namespace,
            f"{label.endpoint}, port {label.endpoint.port}{f' ({label.kind.label})' if label.kind.label else ''}",
        )
        for label in server_labels(topology)
    ]


def _section(title: str, rows: list[Row], width: int) -> list[str]:
    return [title, *_columns(rows, width)] if rows else []


def _columns(rows: Iterable[Row], width: int) -> list[str]:
    cleaned = [(printable(name), printable(text)) for name, text in rows]
    width = max([width, *(cells(name) for name, _ in cleaned)])
    return [f"{padded(name, width)}  {text}" for name, text in cleaned]
