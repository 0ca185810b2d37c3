"""The drawing of a topology in the language of Graphviz; see https://graphviz.org/doc/info/lang.html."""

from __future__ import annotations

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram.facts import Facts, host_names
from pytest_netns_mysql.topology.diagram.graph import Edge, graph
from pytest_netns_mysql.topology.diagram.serverlabels import ServerLabel, server_labels
from pytest_netns_mysql.topology.topology import Topology


def draw(topology: Topology) -> str:
    """Return the graph: a node for each namespace and bridge, an edge for each veth pair."""
    plan, network = topology.plan, graph(topology.plan)
    forwarding = "on" if topology.forwarding else "off"
    title = [f"{topology.name} ({topology.source}), forwarding {forwarding}", *topology.description.splitlines()]
    title += [f"{name} is {' and '.join(addresses)}" for name, addresses in host_names(plan).items()]
    facts, labels = Facts(plan), server_labels(topology)
    lines = [
        f"graph {_quoted(topology.name)} {{",
        f'    graph [rankdir=LR, labelloc=t, fontname="sans-serif", nodesep=0.4, ranksep=0.8, label={_label(title)}];',
        '    node [shape=box, style="rounded,filled", fillcolor="#f4f6fb", color="#5b6b8c", fontname="monospace"];',
        '    edge [color="#5b6b8c", fontname="monospace", fontsize=10];',
        *(f"    {_namespace(facts, name, labels)};" for name in network.namespaces),
        *(
            f'    {_quoted(name)} [shape=hexagon, fillcolor="#e7eef0", label={_label([name, "bridge"])}];'
            for name in network.bridges
        ),
        *(f"    {_edge(edge)};" for edge in network.balanced()),
        "}",
    ]
    return "\n".join(lines)


def _namespace(facts: Facts, name: str, labels: list[ServerLabel]) -> str:
    own = [label.line for label in labels if label.endpoint.namespace == name]
    marks = ', color="#c76b1c", penwidth=2' if own else ""
    if facts.has_nat(name):
        marks += ', style="rounded,filled,dashed"'
    return f"{_quoted(name)} [label={_label([name, *facts.lines(name), *own], left=True)}{marks}]"


def _edge(edge: Edge) -> str:
    ends = f"{_quoted(edge.start.node)} -- {_quoted(edge.end.node)}"
    if edge.is_attachment:
        return f"{ends} [label={_label([edge.start.interface])}, style=dashed]"
    return f"{ends} [label={_label([edge.start.interface, 'to ' + edge.end.interface])}]"


def _quoted(text: str) -> str:
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(lines: list[str], *, left: bool = False) -> str:
    """Return a label, in which a backslash begins an escape, and an ampersand an entity."""
    escaped = [printable(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + ("\\l".join([*escaped, ""]) if left else "\\n".join(escaped)) + '"'
