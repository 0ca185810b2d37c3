"""The column of each node in a picture: in the middle, or some steps to the left or right."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.diagram.graph import Edge, Graph

Neighbours = dict[str, dict[str, list[Edge]]]
_CROWD = 4  # as many neighbours of a node still fit into one row beside global


@dataclass
class Branch:
    """A node with everything behind it.

    Attributes:
        node: The name of the namespace or bridge.
        depth: The number of steps to the root.
        edges: The edges to the parent.
        children: The branches behind the node.
        rows: How many rows the branch takes.
    """

    node: str
    depth: int = 0
    edges: list[Edge] = field(default_factory=list)
    children: list[Branch] = field(default_factory=list)
    rows: int = 1


@dataclass(frozen=True)
class Tree:
    """A connected part of a network.

    Attributes:
        root: The node in the middle.
        left: The branches to the left of the root.
        right: The branches to the right of the root.
        loose: The edges that close a circle.
    """

    root: str
    left: list[Branch]
    right: list[Branch]
    loose: list[Edge]

    def branches(self) -> list[tuple[Branch, int]]:
        """Return all branches, parents before children, each with its side: -1 for the left, 1 for the right."""
        found = [(branch, -1) for branch in self.left] + [(branch, 1) for branch in self.right]
        for branch, sign in found:
            found += [(child, sign) for child in branch.children]
        return found

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each node: 0 for the root, negative to the left of the root."""
        return {self.root: 0} | {branch.node: sign * branch.depth for branch, sign in self.branches()}


def trees(network: Graph) -> list[Tree]:
    """Return the connected parts of a network, the part of ``global`` first."""
    neighbours: Neighbours = {name: {} for name in network.nodes}
    for edge in (*network.links, *network.attachments):
        for node, other in ((edge.start.node, edge.end.node), (edge.end.node, edge.start.node)):
            if node != other:
                neighbours[node].setdefault(other, []).append(edge)
    found: list[Tree] = []
    seen: set[str] = set()
    for name in network.nodes:
        if name not in seen:
            tree = _tree(_middle(name, neighbours), neighbours)
            seen |= set(tree.columns)
            found.append(tree)
    return found


def _middle(name: str, neighbours: Neighbours) -> str:
    """Return the node for the middle: ``global``, unless its only neighbour has many others, or the best connected."""
    if name != GLOBAL:
        part = _reached(name, neighbours)
        return max(part, key=lambda node: len(neighbours[node]))
    only = list(neighbours[name])
    return only[0] if len(only) == 1 and len(neighbours[only[0]]) > _CROWD else name


def _reached(start: str, neighbours: Neighbours) -> dict[str, int]:
    """Return the distance of each node from ``start``, nearest first."""
    depths = {start: 0}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for other in neighbours[node]:
            if other not in depths:
                depths[other] = depths[node] + 1
                waiting.append(other)
    return depths


def _tree(root: str, neighbours: Neighbours) -> Tree:
    depths = _reached(root, neighbours)
    branches = {name: Branch(name, depth) for name, depth in depths.items()}
    parents: dict[str, str] = {}
    for name in depths:
        for other in neighbours[name]:
            if depths[other] == depths[name] + 1 and other not in parents:
                parents[other] = name
                branches[other].edges = neighbours[name][other]
                branches[name].children.append(branches[other])
    for name in reversed(depths):
        branches[name].rows = max(1, sum(child.rows for child in branches[name].children))
    in_tree = {edge for branch in branches.values() for edge in branch.edges}
    every = dict.fromkeys(edge for name in depths for edges in neighbours[name].values() for edge in edges)
    loose = [edge for edge in every if edge not in in_tree]
    left, right = _sides(branches[root].children, loose)
    return Tree(root, left, right, loose)


def _sides(branches: list[Branch], loose: list[Edge]) -> tuple[list[Branch], list[Branch]]:
    """Return the branches for the left and the right side; branches that are joined by an edge stay on one side."""
    left: list[Branch] = []
    right: list[Branch] = []
    for group in _groups(branches, loose):
        side = left if _rows(left) <= _rows(right) and not (_rows(left) == 0 and _is_wide(group, branches)) else right
        side += group
    return left, right


def _is_wide(group: list[Branch], branches: list[Branch]) -> bool:
    """Return True for a single group of several columns, which is read from left to right."""
    return len(group) == len(branches) and any(branch.children for branch in group)


def _rows(branches: Iterable[Branch]) -> int:
    return sum(branch.rows for branch in branches)


def _groups(branches: list[Branch], loose: list[Edge]) -> list[list[Branch]]:
    homes: dict[str, int] = {}
    for number, branch in enumerate(branches):
        behind = [branch]
        for member in behind:
            homes[member.node] = number
            behind += member.children
    group = list(range(len(branches)))
    for edge in loose:
        start, end = homes.get(edge.start.node), homes.get(edge.end.node)
        if start is not None and end is not None:
            old, new = group[end], group[start]
            group = [new if number == old else number for number in group]
    found: dict[int, list[Branch]] = {}
    for branch, number in zip(branches, group, strict=True):
        found.setdefault(number, []).append(branch)
    return list(found.values())
