"""What is joined to what: the nodes of a drawing, and the lines between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.plan import End, Plan, PlannedBridge


@dataclass(frozen=True)
class Tip:
    """Name one end of a line: the node that it is drawn at, and the interface."""

    node: str
    interface: str


@dataclass(frozen=True)
class Edge:
    """Join two nodes: by a veth pair, or ``is_seat``, a bridge and the namespace that it is an interface of."""

    one: Tip
    other: Tip
    is_seat: bool = False

    def tip(self, node: str) -> Tip:
        """Return the end at a node."""
        return self.one if self.one.node == node else self.other

    def across(self, node: str) -> Tip:
        """Return the end at the other node."""
        return self.other if self.one.node == node else self.one


@dataclass(frozen=True)
class Graph:
    """Hold ``global``, the namespaces and the bridges by name, and the lines between them, in the plan's order."""

    namespaces: tuple[str, ...]
    bridges: Mapping[str, PlannedBridge]
    links: tuple[Edge, ...]
    seats: tuple[Edge, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return all nodes, ``global`` first and the bridges last."""
        return (*self.namespaces, *self.bridges)

    def turned(self) -> list[Edge]:
        """Return all lines, each second one of ``global`` turned round: that lays it in the middle."""
        found, met = [], 0
        for edge in self.links:
            met += GLOBAL in (edge.one.node, edge.other.node)
            is_second = met % 2 == 0 and edge.other.node == GLOBAL
            found.append(Edge(edge.other, edge.one) if is_second else edge)
        return [*found, *self.seats]


def graph(plan: Plan) -> Graph:
    """Return the graph of a plan: a veth end that is a port of a bridge is drawn at the bridge."""
    bridges = {bridge.name: bridge for bridge in plan.bridges}
    names = {(bridge.namespace, bridge.interface): bridge.name for bridge in plan.bridges}

    def tip(end: End) -> Tip:
        bridge = None if end.bridge is None else names.get((end.namespace, end.bridge))
        return Tip(end.namespace if bridge is None else bridge, end.interface)

    return Graph(
        namespaces=(GLOBAL, *plan.namespaces),
        bridges=bridges,
        links=tuple(Edge(tip(veth.inner), tip(veth.outer)) for veth in plan.veths),
        seats=tuple(
            Edge(Tip(bridge.namespace, bridge.interface), Tip(bridge.name, bridge.interface), is_seat=True)
            for bridge in plan.bridges
        ),
    )
