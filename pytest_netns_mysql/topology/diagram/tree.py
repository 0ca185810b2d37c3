"""Where each node of a picture belongs: in the middle, or so many steps to the left or to the right of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.diagram.graph import Edge, Graph

Neighbours = dict[str, dict[str, list[Edge]]]
_CROWD = 4  # neighbours of what joins them; fewer stand well in one row beside global


@dataclass
class Branch:
    """Hold a node, the lines to its parent, what is behind it, and how many rows that takes."""

    node: str
    depth: int = 0
    edges: list[Edge] = field(default_factory=list)
    children: list[Branch] = field(default_factory=list)
    rows: int = 1


@dataclass(frozen=True)
class Tree:
    """Hold what hangs together: the node in the middle, the branches at its sides, the lines that close a circle."""

    root: str
    left: list[Branch]
    right: list[Branch]
    loose: list[Edge]

    def branches(self) -> list[tuple[Branch, int]]:
        """Return all branches, a parent before its children, each with its side: -1 for the left, 1 for the right."""
        found = [(branch, -1) for branch in self.left] + [(branch, 1) for branch in self.right]
        for branch, sign in found:
            found += [(child, sign) for child in branch.children]
        return found

    @cached_property
    def columns(self) -> dict[str, int]:
        """Return the column of each node: 0 for the root, negative to its left."""
        return {self.root: 0} | {branch.node: sign * branch.depth for branch, sign in self.branches()}


def trees(network: Graph) -> list[Tree]:
    """Return the parts of a network that are not joined to each other, that of ``global`` first."""
    neighbours: Neighbours = {name: {} for name in network.nodes}
    for edge in (*network.links, *network.seats):
        for one, other in ((edge.one.node, edge.other.node), (edge.other.node, edge.one.node)):
            if one != other:
                neighbours[one].setdefault(other, []).append(edge)
    found: list[Tree] = []
    seen: set[str] = set()
    for name in network.nodes:
        if name not in seen:
            tree = _tree(_middle(name, neighbours), neighbours)
            seen |= set(tree.columns)
            found.append(tree)
    return found


def _middle(name: str, neighbours: Neighbours) -> str:
    """Return the node that others stand around: ``global``, unless it hangs on a segment or router with many others."""
    if name != GLOBAL:
        part = _reached(name, neighbours)
        return max(part, key=lambda one: len(neighbours[one]))
    only = list(neighbours[name])
    return only[0] if len(only) == 1 and len(neighbours[only[0]]) > _CROWD else name


def _reached(start: str, neighbours: Neighbours) -> dict[str, int]:
    """Return how far each node is, nearest first."""
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
    """Share branches out, the shorter side first; a line never has to pass behind the root from side to side."""
    left: list[Branch] = []
    right: list[Branch] = []
    for group in _groups(branches, loose):
        side = left if _rows(left) <= _rows(right) and not (_rows(left) == 0 and _is_wide(group, branches)) else right
        side += group
    return left, right


def _is_wide(group: list[Branch], branches: list[Branch]) -> bool:
    """Tell whether a group is all there is, and has more behind it: that is read from left to right."""
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
        one, other = homes.get(edge.one.node), homes.get(edge.other.node)
        if one is not None and other is not None:
            old, new = group[other], group[one]
            group = [new if number == old else number for number in group]
    found: dict[int, list[Branch]] = {}
    for branch, number in zip(branches, group, strict=True):
        found.setdefault(number, []).append(branch)
    return list(found.values())
