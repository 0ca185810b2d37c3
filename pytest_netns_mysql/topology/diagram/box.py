"""The nodes of a layout as SVG elements: the box of a namespace, the bar of a bridge, and their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram import tones
from pytest_netns_mysql.topology.diagram.card import (
    ENTRY_GAP,
    HEAD,
    LINE,
    PAD,
    SERVER_LABEL,
    Card,
    Entry,
    badge_width,
)
from pytest_netns_mysql.topology.diagram.layout import BAR, Box, bar_name
from pytest_netns_mysql.topology.diagram.rows import BAR_LABEL, PORT

_SANS = "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\""
_MONO = "font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\""
_FONTS = {
    "title": f'{_SANS} font-size="19" font-weight="700"',
    "prose": f'{_SANS} font-size="12.5"',
    "name": f'{_SANS} font-size="14" font-weight="700"',
    "badge": f'{_SANS} font-size="9.5"',
    "legend": f'{_SANS} font-size="10.5"',
    "bar": f'{_SANS} font-size="13" font-weight="700"',
    "interface": f'{_MONO} font-size="11" font-weight="700"',
    "address": f'{_MONO} font-size="11"',
    "remark": f'{_MONO} font-size="10"',
}


def number(value: float) -> str:
    """Return a length as SVG writes it."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text(x: float, y: float, content: str, font: str, colour: str, anchor: str = "start") -> str:
    """Return a text element.

    Args:
        x: Where the anchor of the text is.
        y: Where the baseline is.
        content: The text.
        font: A key of _FONTS.
        colour: The colour.
        anchor: ``start``, ``middle`` or ``end`` of the text.
    """
    place = f'x="{number(x)}" y="{number(y)}"' + (f' text-anchor="{anchor}"' if anchor != "start" else "")
    return f'<text {place} {_FONTS[font]} fill="{colour}">{escape(content)}</text>'


class Painter:
    """What turns the nodes of a layout into SVG elements."""

    def __init__(self, cards: Mapping[str, Card], colours: Mapping[str, str]) -> None:
        """Create a painter.

        Args:
            cards: The contents of the boxes by namespace.
            colours: The colours of their heads by namespace.
        """
        self._cards = cards
        self._colours = colours

    def box(self, box: Box) -> Iterator[str]:
        """Return the elements of a node."""
        yield f"<g><title>{escape(printable(box.node))}</title>"
        if box.is_bar:
            yield from self._bar(box)
        else:
            yield from self._namespace(box, self._cards[box.node], self._colours[box.node])
        yield "</g>"

    def _bar(self, box: Box) -> Iterator[str]:
        middle = box.x + box.width / 2
        yield text(middle, box.y + 14, bar_name(box.node), "bar", tones.BRIDGE, "middle")
        yield (
            f'<rect x="{number(middle - BAR / 2)}" y="{number(box.y + BAR_LABEL)}" width="{number(BAR)}" '
            f'height="{number(box.height - BAR_LABEL)}" rx="{number(BAR / 2)}" fill="{tones.BRIDGE}"/>'
        )
        for edge, side in box.sides.items():
            if not edge.is_attachment:
                x, y = box.port(edge)
                anchor = "start" if side > 0 else "end"
                yield text(x + 8 * side, y - 5, edge.at(box.node).interface, "remark", tones.QUIET, anchor)

    def _namespace(self, box: Box, card: Card, colour: str) -> Iterator[str]:
        x, y, width = number(box.x), number(box.y), number(box.width)
        dashes = ' stroke-dasharray="6 4"' if card.is_external else ""
        yield (
            f'<rect x="{x}" y="{y}" width="{width}" height="{number(box.height)}" rx="8" '
            f'fill="{tones.CARD}" stroke="{colour}" stroke-width="1.4"{dashes}/>'
        )
        yield (
            f'<path d="M{x} {number(box.y + HEAD)}v-{number(HEAD - 8)}q0 -8 8 -8h{number(box.width - 16)}q8 0 8 8'
            f'v{number(HEAD - 8)}z" fill="{colour}"/>'
        )
        yield text(box.x + PAD, box.y + 20, card.title, "name", "#ffffff")
        yield from self._badges(box, card)
        for edge, side in box.sides.items():
            yield from self._entry(box, card.entries[edge.at(box.node).interface], box.ports[edge], side, colour)
        yield from self._foot(box, card)

    def _badges(self, box: Box, card: Card) -> Iterator[str]:
        right = box.x + box.width - PAD + 4
        for badge in reversed(card.badges):
            width = badge_width(badge)
            yield (
                f'<rect x="{number(right - width)}" y="{number(box.y + 8)}" width="{number(width)}" height="15" '
                f'rx="7.5" fill="#ffffff" fill-opacity="0.22"/>'
            )
            yield text(right - width / 2, box.y + 19, badge, "badge", "#ffffff", "middle")
            right -= width + 5

    def _entry(self, box: Box, entry: Entry, port: float, side: int, colour: str) -> Iterator[str]:
        x, anchor = (box.x + PAD, "start") if side < 0 else (box.x + box.width - PAD, "end")
        edge = box.x if side < 0 else box.x + box.width
        yield f'<circle cx="{number(edge)}" cy="{number(port)}" r="4" fill="{tones.CARD}" stroke="{colour}" '
        yield 'stroke-width="1.8"/>'
        y = port - PORT + 12.5
        yield text(x, y, entry.interface, "interface", tones.INK, anchor)
        for row, line in enumerate((*entry.addresses, *entry.remarks), 1):
            font, ink = ("address", tones.INK) if row <= len(entry.addresses) else ("remark", tones.QUIET)
            yield text(x, y + LINE * row, line, font, ink, anchor)

    def _foot(self, box: Box, card: Card) -> Iterator[str]:
        y = box.y + box.height - card.foot
        if card.rules:
            for row, line in enumerate(card.rules):
                yield text(box.x + PAD, y + 11 + LINE * row, line, "remark", tones.QUIET)
            y += LINE * len(card.rules) + ENTRY_GAP
        if card.server:
            yield from self._server(box, card, y)

    def _server(self, box: Box, card: Card, y: float) -> Iterator[str]:
        height = LINE * len(card.server) + ENTRY_GAP
        yield (
            f'<rect x="{number(box.x + 6)}" y="{number(y)}" width="{number(box.width - 12)}" '
            f'height="{number(height)}" rx="6" fill="{tones.SERVER_PAPER}"/>'
        )
        left, top = box.x + PAD - 2, y + 5.5
        yield (
            f'<path d="M{number(left)} {number(top + 2)}v8a4.5 2 0 0 0 9 0v-8a4.5 2 0 0 0 -9 0a4.5 2 0 0 0 9 0" '
            f'fill="none" stroke="{tones.SERVER}" stroke-width="1.2"/>'
        )
        yield text(left + 14, y + 15, "mysqld", "badge", tones.SERVER)
        for row, line in enumerate(card.server):
            yield text(box.x + PAD + SERVER_LABEL - 8, y + 15.5 + LINE * row, line, "address", tones.INK)
