"""The height of each node in a picture: both ends of a line get the same height, so that the line is level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_netns_mysql.topology.diagram.card import ENTRY_GAP, HEAD, PAD, Card
from pytest_netns_mysql.topology.diagram.graph import Edge
from pytest_netns_mysql.topology.diagram.tree import Branch, Tree

PORT = 9.0  # from the top of an interface's first line to its middle
BAR_LABEL = 24.0
_BAR_END = 18.0
_BAR_STEP = 26.0
_BETWEEN = 20.0
_ABOVE = HEAD + PAD + PORT


@dataclass
class Spot:
    """The vertical place of a node.

    Attributes:
        node: The name of the namespace or bridge.
        top: The upper edge.
        bottom: The lower edge.
        ports: The height at which each edge ends.
        sides: The side at which each edge ends: -1 for the left, 1 for the right.
    """

    node: str
    top: float = 0.0
    bottom: float = 0.0
    ports: dict[Edge, float] = field(default_factory=dict)
    sides: dict[Edge, int] = field(default_factory=dict)

    def move(self, down: float) -> None:
        """Move the node down."""
        self.top += down
        self.bottom += down
        self.ports = {edge: height + down for edge, height in self.ports.items()}


@dataclass
class Block:
    """Nodes that are moved together: a node and everything behind it."""

    spots: list[Spot]

    @property
    def top(self) -> float:
        """The upper edge of the uppermost node."""
        return min((spot.top for spot in self.spots), default=0.0)

    @property
    def bottom(self) -> float:
        """The lower edge of the lowest node."""
        return max((spot.bottom for spot in self.spots), default=0.0)

    def move(self, down: float) -> None:
        """Move all nodes down."""
        for spot in self.spots:
            spot.move(down)


class Rows:
    """The heights of the nodes of a tree."""

    def __init__(self, tree: Tree, cards: Mapping[str, Card]) -> None:
        """Take a tree, and the contents of the boxes by namespace."""
        self._tree = tree
        self._cards = cards
        self._columns = tree.columns
        self._blocks: dict[str, Block] = {}
        self._loose: dict[str, list[Edge]] = {}
        for edge in tree.loose:
            for node in dict.fromkeys((edge.start.node, edge.end.node)):
                self._loose.setdefault(node, []).append(edge)

    def spots(self) -> dict[str, Spot]:
        """Return the place of each node. The uppermost is at 0."""
        for branch, sign in reversed(self._tree.branches()):
            self._blocks[branch.node] = self._block(branch, sign)
        root = Spot(self._tree.root)
        sides = [(-1, self._tree.left), (1, self._tree.right)]
        stacks = {sign: self._stack(root, branches, sign) for sign, branches in sides}
        tallest = max(stack.bottom - stack.top for stack in stacks.values())
        for sign, stack in stacks.items():
            down = (tallest - stack.bottom + stack.top) / 2
            stack.move(down)
            for edge, side in root.sides.items():
                if side == sign:
                    root.ports[edge] += down
        for edge in self._loose.get(root.node, []):
            across = edge.across(root.node).node
            self._append(root, edge, 1 if self._columns[across] >= 0 else -1)
        self._close(root)
        whole = Block([root, *stacks[-1].spots, *stacks[1].spots])
        whole.move(-whole.top)
        return {spot.node: spot for spot in whole.spots}

    def _stack(self, parent: Spot, branches: list[Branch], sign: int) -> Block:
        """Place branches below each other, and their edges at the parent."""
        whole = Block([])
        free = 0.0  # where the parent has room for its next interface
        for number, branch in enumerate(branches):
            block = self._blocks[branch.node]
            ports = block.spots[0].ports
            first = min(ports[edge] for edge in branch.edges)
            block.move(max(whole.bottom + _BETWEEN - block.top if number else 0.0, free - first))
            for edge in branch.edges:
                parent.ports[edge] = block.spots[0].ports[edge]
                parent.sides[edge] = sign
                free = parent.ports[edge] + self._height(parent.node, edge)
            whole.spots += block.spots
        return whole

    def _block(self, branch: Branch, sign: int) -> Block:
        """Return a branch as a block, whose first node is the branch's own."""
        spot = Spot(branch.node)
        behind = self._stack(spot, branch.children, sign)
        column = abs(self._columns[branch.node])
        toward = list(branch.edges)
        for edge in self._loose.get(branch.node, []):
            if abs(self._columns[edge.across(branch.node).node]) < column:
                toward.append(edge)
            else:
                self._append(spot, edge, sign)
        self._toward(spot, toward, sign)
        self._close(spot)
        return Block([spot, *behind.spots])

    def _toward(self, spot: Spot, edges: list[Edge], sign: int) -> None:
        """Place the edges toward the middle of the picture, at half the height of those that lead away."""
        heights = [max(self._height(edge.start.node, edge), self._height(edge.end.node, edge)) for edge in edges]
        away = sorted(spot.ports.values())
        start = 0.0
        if away:
            start = max(away[0], (away[0] + away[-1] - sum(heights[:-1])) / 2)
        for edge, height in zip(edges, heights, strict=True):
            spot.ports[edge], spot.sides[edge] = start, -sign
            start += height

    def _append(self, spot: Spot, edge: Edge, sign: int) -> None:
        below = [
            spot.ports[there] + self._height(spot.node, there) for there, side in spot.sides.items() if side == sign
        ]
        spot.ports[edge], spot.sides[edge] = max(below, default=0.0), sign

    def _close(self, spot: Spot) -> None:
        """Set the upper and lower edge of a node, around the ends of its lines."""
        first = min(spot.ports.values(), default=0.0)
        card = self._cards.get(spot.node)
        if card is None:
            spot.top = first - _BAR_END - BAR_LABEL
            spot.bottom = max(spot.ports.values(), default=0.0) + _BAR_END
            return
        spot.top = first - _ABOVE
        ends = [height - PORT + self._height(spot.node, edge) for edge, height in spot.ports.items()]
        spot.bottom = max(ends, default=spot.top + HEAD + ENTRY_GAP) + card.foot

    def _height(self, node: str, edge: Edge) -> float:
        card = self._cards.get(node)
        return _BAR_STEP if card is None else card.entries[edge.at(node).interface].height
