"""The layout of a picture, in pixels: boxes in columns, bars between them, lines from port to port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram.card import SMALL, Card
from pytest_netns_mysql.topology.diagram.characters import cells, clipped, span
from pytest_netns_mysql.topology.diagram.graph import Edge, Graph
from pytest_netns_mysql.topology.diagram.rows import Rows, Spot
from pytest_netns_mysql.topology.diagram.tree import Tree, trees

BAR = 14.0
BAR_NAME = 13.0  # the size of the bold sans-serif above a bar
_GAP = 64.0
_PARTS = 32.0
_ISLANDS = 24.0
_LONGEST_NAME = 24


@dataclass(frozen=True)
class Box:
    """The place of a node.

    Attributes:
        node: The name of the namespace or bridge.
        x: The left edge.
        y: The upper edge.
        width: The width.
        height: The height.
        ports: The height at which each edge ends.
        sides: The side at which each edge ends: -1 for the left, 1 for the right.
        is_bar: True for a bridge.
    """

    node: str
    x: float
    y: float
    width: float
    height: float
    ports: Mapping[Edge, float]
    sides: Mapping[Edge, int]
    is_bar: bool = False

    def moved(self, right: float, down: float) -> Box:
        """Return the box, moved by ``right`` and ``down``."""
        ports = {edge: height + down for edge, height in self.ports.items()}
        return replace(self, x=self.x + right, y=self.y + down, ports=ports)

    def port(self, edge: Edge) -> tuple[float, float]:
        """Return the point at which an edge ends."""
        middle, half = self.x + self.width / 2, (BAR if self.is_bar else self.width) / 2
        return middle + half * self.sides[edge], self.ports[edge]

    def column_edge(self, edge: Edge) -> float:
        """Return where an edge leaves the column of the node."""
        return self.x + self.width if self.sides[edge] > 0 else self.x


@dataclass(frozen=True)
class Layout:
    """The places of all nodes.

    Attributes:
        boxes: The place of each node by name.
        edges: The lines between the nodes.
        width: The width of everything.
        height: The height of everything.
    """

    boxes: Mapping[str, Box]
    edges: tuple[Edge, ...]
    width: float
    height: float


def bar_name(name: str) -> str:
    """Return the text above the bar of a bridge."""
    return clipped(printable(name), _LONGEST_NAME)


def layout(network: Graph, cards: Mapping[str, Card], width: float) -> Layout:
    """Return the layout of a network.

    Args:
        network: The graph.
        cards: The contents of the boxes by namespace.
        width: The least width, which boxes without edges may fill.
    """
    parts = trees(network)
    large = [_place(tree, cards) for tree in parts if tree.left or tree.right]
    islands = [box for tree in parts if not (tree.left or tree.right) for box in _place(tree, cards).values()]
    width = max([width, *(_extent(boxes)[0] for boxes in large), *(box.width for box in islands)])
    found: dict[str, Box] = {}
    y = 0.0
    for boxes in large:
        own, height = _extent(boxes)
        found |= {name: box.moved((width - own) / 2, y) for name, box in boxes.items()}
        y += height + _PARTS
    found |= _flow(islands, width, y)
    return Layout(found, (*network.links, *network.attachments), width, _extent(found)[1])


def _extent(boxes: Mapping[str, Box]) -> tuple[float, float]:
    return max(box.x + box.width for box in boxes.values()), max(box.y + box.height for box in boxes.values())


def _flow(islands: list[Box], width: float, y: float) -> dict[str, Box]:
    """Return boxes without edges in rows, like words in a paragraph."""
    found: dict[str, Box] = {}
    x = height = 0.0
    for box in islands:
        if x and x + box.width > width:
            x, y, height = 0.0, y + height + _ISLANDS, 0.0
        found[box.node] = box.moved(x - box.x, y - box.y)
        x += box.width + _ISLANDS
        height = max(height, box.height)
    return found


def _place(tree: Tree, cards: Mapping[str, Card]) -> dict[str, Box]:
    spots, columns = Rows(tree, cards).spots(), tree.columns
    numbers = range(min(columns.values()), max(columns.values()) + 1)
    widths = dict.fromkeys(numbers, 0.0)
    for name, number in columns.items():
        widths[number] = max(widths[number], _width(spots[name], cards.get(name)))
    left: dict[int, float] = {}
    x = 0.0
    for number in numbers:
        left[number] = x
        x += widths[number] + _gap(number, spots, columns, widths, cards)
    return {
        name: Box(
            name,
            left[columns[name]],
            spot.top,
            widths[columns[name]],
            spot.bottom - spot.top,
            spot.ports,
            spot.sides,
            is_bar=name not in cards,
        )
        for name, spot in spots.items()
    }


def _width(spot: Spot, card: Card | None) -> float:
    if card is None:
        return max(span(bar_name(spot.node), BAR_NAME), BAR)
    at: dict[int, list[str]] = {-1: [], 1: []}
    for edge, side in spot.sides.items():
        at[side].append(edge.at(spot.node).interface)
    return card.width(at[-1], at[1])


def _gap(
    number: int,
    spots: Mapping[str, Spot],
    columns: Mapping[str, int],
    widths: Mapping[int, float],
    cards: Mapping[str, Card],
) -> float:
    """Return the gap to the right of a column, with room for the names of a bridge's ports beside the bar."""
    room = {number: 0.0, number + 1: 0.0}
    for name, spot in spots.items():
        if name in cards or columns[name] not in room:
            continue
        facing = 1 if columns[name] == number else -1
        labels = [
            cells(edge.at(name).interface) * SMALL
            for edge, side in spot.sides.items()
            if side == facing and not edge.is_attachment
        ]
        if labels:
            needed = max(labels) + 40 - (widths[columns[name]] - BAR) / 2
            room[columns[name]] = max(room[columns[name]], needed)
    return max(_GAP, sum(room.values()))
