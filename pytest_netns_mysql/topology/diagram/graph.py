"""The graph of a network: namespaces and bridges as nodes, veth pairs as edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.plan import End, Plan, PlannedBridge


@dataclass(frozen=True)
class EdgeEnd:
    """One end of an edge: the node at which the end is drawn, and the interface."""

    node: str
    interface: str


@dataclass(frozen=True)
class Edge:
    """A line between two nodes.

    Attributes:
        start: One end.
        end: The other end.
        is_attachment: False for a veth pair, True for the line between a bridge and the namespace that it lies in.
    """

    start: EdgeEnd
    end: EdgeEnd
    is_attachment: bool = False

    def at(self, node: str) -> EdgeEnd:
        """Return the end at a node."""
        return self.start if self.start.node == node else self.end

    def across(self, node: str) -> EdgeEnd:
        """Return the end at the other node."""
        return self.end if self.start.node == node else self.start


@dataclass(frozen=True)
class Graph:
    """The nodes and edges of a drawing, in the order of the plan.

    Attributes:
        namespaces: ``global`` and the other namespaces.
        bridges: The bridges by name.
        links: The edges that are veth pairs.
        attachments: The edges between bridges and the namespaces that they lie in.
    """

    namespaces: tuple[str, ...]
    bridges: Mapping[str, PlannedBridge]
    links: tuple[Edge, ...]
    attachments: tuple[Edge, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes, ``global`` first and the bridges last."""
        return (*self.namespaces, *self.bridges)

    def balanced(self) -> list[Edge]:
        """Return all edges. Every second edge of ``global`` is reversed, which puts ``global`` in the middle."""
        found, met = [], 0
        for edge in self.links:
            met += GLOBAL in (edge.start.node, edge.end.node)
            is_second = met % 2 == 0 and edge.end.node == GLOBAL
            found.append(Edge(edge.end, edge.start) if is_second else edge)
        return [*found, *self.attachments]


def graph(plan: Plan) -> Graph:
    """Return the graph of a plan. A veth end that is a port of a bridge is drawn at the bridge."""
    bridges = {bridge.name: bridge for bridge in plan.bridges}
    names = {(bridge.namespace, bridge.interface): bridge.name for bridge in plan.bridges}

    def edge_end(end: End) -> EdgeEnd:
        bridge = None if end.bridge is None else names.get((end.namespace, end.bridge))
        return EdgeEnd(end.namespace if bridge is None else bridge, end.interface)

    return Graph(
        namespaces=(GLOBAL, *plan.namespaces),
        bridges=bridges,
        links=tuple(Edge(edge_end(veth.inner), edge_end(veth.outer)) for veth in plan.veths),
        attachments=tuple(
            Edge(
                EdgeEnd(bridge.namespace, bridge.interface), EdgeEnd(bridge.name, bridge.interface), is_attachment=True
            )
            for bridge in plan.bridges
        ),
    )
