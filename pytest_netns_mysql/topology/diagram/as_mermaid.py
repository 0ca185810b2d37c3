"""The drawing of a topology as a Mermaid flowchart, which many Markdown pages show; see https://mermaid.js.org."""

from __future__ import annotations

import json
import re

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram.facts import Facts, host_names
from pytest_netns_mysql.topology.diagram.graph import Edge, Graph, graph
from pytest_netns_mysql.topology.diagram.serverlabels import ServerLabel, server_labels
from pytest_netns_mysql.topology.topology import Topology

# Other characters could be read as Markdown, HTML, a comment or a directive.
_SPECIAL = re.compile(r"[^\w .:/,()=+@-]|_")
_STYLES = (
    "classDef namespace fill:#f4f6fb,stroke:#5b6b8c,color:#1c2333",
    "classDef bridge fill:#e7eef0,stroke:#4f7c86,color:#1c2333",
    "classDef mysqld stroke:#c76b1c,stroke-width:3px",
    "classDef nat stroke-dasharray:6 3",
)


def draw(topology: Topology) -> str:
    """Return the flowchart: a node for each namespace and bridge, a line for each veth pair."""
    plan, network = topology.plan, graph(topology.plan)
    facts, labels = Facts(plan), server_labels(topology)
    forwarding = "on" if topology.forwarding else "off"
    title = json.dumps(printable(f"{topology.name} ({topology.source}), forwarding {forwarding}"), ensure_ascii=False)
    numbers = {name: f"n{number}" for number, name in enumerate(network.nodes)}
    lines = ["---", f"title: {title}", "---", "flowchart LR"]
    lines += [f"    {numbers[name]}[{_label(_namespace(facts, name, labels))}]" for name in network.namespaces]
    lines += [f"    {numbers[name]}{{{{{_label([name, 'bridge'])}}}}}" for name in network.bridges]
    lines += [f"    {_line(edge, numbers)}" for edge in network.balanced()]
    if hosts := host_names(plan):
        described = [f"{name} is {' and '.join(addresses)}" for name, addresses in hosts.items()]
        lines.append(f"    hosts>{_label(['host names', *described])}]")
    return "\n".join([*lines, *(f"    {line}" for line in (*_STYLES, *_classes(facts, labels, network, numbers)))])


def _namespace(facts: Facts, name: str, labels: list[ServerLabel]) -> list[str]:
    return [name, *facts.lines(name), *(label.line for label in labels if label.endpoint.namespace == name)]


def _line(edge: Edge, numbers: dict[str, str]) -> str:
    start, end = numbers[edge.start.node], numbers[edge.end.node]
    if edge.is_attachment:
        return f"{start} -.-|{_label([edge.start.interface])}| {end}"
    return f"{start} ---|{_label([f'{edge.start.interface} to {edge.end.interface}'])}| {end}"


def _classes(facts: Facts, labels: list[ServerLabel], network: Graph, numbers: dict[str, str]) -> list[str]:
    listening = {label.endpoint.namespace for label in labels}
    members = {
        "namespace": list(network.namespaces),
        "bridge": list(network.bridges),
        "mysqld": [name for name in network.namespaces if name in listening],
        "nat": [name for name in network.namespaces if facts.has_nat(name)],
    }
    return [f"class {','.join(numbers[name] for name in names)} {kind}" for kind, names in members.items() if names]


def _label(lines: list[str]) -> str:
    return '"' + "<br/>".join(_SPECIAL.sub(_entity, printable(line)) for line in lines) + '"'


def _entity(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"
