"""The drawing of a topology as a stand-alone SVG 1.1 picture, without scripts, style sheets or embedded fonts."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram import tones
from pytest_netns_mysql.topology.diagram.box import Painter, number, text
from pytest_netns_mysql.topology.diagram.card import badge_width, cards
from pytest_netns_mysql.topology.diagram.characters import clipped, span, wrapped
from pytest_netns_mysql.topology.diagram.facts import host_names
from pytest_netns_mysql.topology.diagram.graph import Edge, graph
from pytest_netns_mysql.topology.diagram.layout import Box, Layout, layout
from pytest_netns_mysql.topology.topology import Topology

_MARGIN = 28.0
_NARROWEST = 420.0
_TITLE = 19.0  # the size of its bold sans-serif
_PROSE = 11.5  # its sans-serif is a twelfth larger, and not bold
_LEGEND = 30.0


def draw(topology: Topology) -> str:
    """Return the text of the SVG file."""
    network, contents = graph(topology.plan), cards(topology)
    name = clipped(printable(topology.name), 48)
    forwarding = f"forwarding {'on' if topology.forwarding else 'off'}"
    place = layout(network, contents, max(_NARROWEST, span(name, _TITLE) + badge_width(forwarding) + 24))
    prose = _prose(topology, place.width)
    top = _MARGIN + 30 + 18 * len(prose) + 18
    width, height = place.width + 2 * _MARGIN, top + place.height + _MARGIN + (_LEGEND if network.bridges else 0)
    colours = tones.tones(network.namespaces)
    painter = Painter(contents, colours)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{number(width)}" height="{number(height)}" '
        f'viewBox="0 0 {number(width)} {number(height)}" role="img">',
        f"<title>{escape(printable(f'topology {topology.name} ({topology.source})'))}</title>",
        f"<desc>{escape(_description(topology))}</desc>",
        f'<rect x="0.5" y="0.5" width="{number(width - 1)}" height="{number(height - 1)}" rx="12" '
        f'fill="{tones.PAPER}" stroke="{tones.FRAME}"/>',
        *_head(name, forwarding, prose, width),
        f'<g transform="translate({number(_MARGIN)} {number(top)})">',
        *_links(place),
        *(line for box in place.boxes.values() for line in painter.box(box)),
        "</g>",
        *(_legend(height - _MARGIN + 4) if network.bridges else []),
        "</svg>",
    ]
    return "\n".join(lines)


def _prose(topology: Topology, width: float) -> list[tuple[str, str]]:
    """Return the lines below the title, and their colours."""
    interfaces = [address for addresses in topology.plan.addresses.values() for address in addresses]
    known = {str(address.ip) for address in interfaces if not address.is_loopback}
    texts = [(topology.source, tones.QUIET), *((line, tones.INK) for line in topology.description.splitlines())]
    for host, addresses in host_names(topology.plan).items():
        if others := [address for address in addresses if address not in known]:
            texts.append((f"host name {host}: {', '.join(others)}", tones.QUIET))
    return [
        (line, colour)
        for content, colour in texts
        for line in wrapped(printable(" ".join(content.split())), width, lambda part: span(part, _PROSE))
    ]


def _description(topology: Topology) -> str:
    """Return the text for screen readers."""
    links = [
        f"{veth.inner.namespace} {veth.inner.interface} is linked to {veth.outer.namespace} {veth.outer.interface}"
        for veth in topology.plan.veths
    ]
    endpoints = [f"mysqld listens on {endpoint}" for endpoint in topology.bind_address]
    return printable(". ".join(filter(None, [" ".join(topology.description.split()), *links, *endpoints])))


def _head(name: str, forwarding: str, prose: list[tuple[str, str]], width: float) -> Iterator[str]:
    y = _MARGIN + 14
    yield text(_MARGIN, y, name, "title", tones.INK)
    wide = badge_width(forwarding)
    x = width - _MARGIN - wide
    yield (
        f'<rect x="{number(x)}" y="{number(y - 14)}" width="{number(wide)}" height="17" rx="8.5" '
        f'fill="none" stroke="{tones.QUIET}"/>'
    )
    yield text(x + wide / 2, y - 2, forwarding, "badge", tones.QUIET, "middle")
    for row, (line, colour) in enumerate(prose):
        yield text(_MARGIN, y + 22 + 18 * row, line, "prose", colour)


def _links(place: Layout) -> Iterator[str]:
    yield f'<g fill="none" stroke="{tones.LINE}" stroke-width="1.8">'
    for edge in place.edges:
        if edge.start.node != edge.end.node:
            yield _link(edge, place.boxes[edge.start.node], place.boxes[edge.end.node])
    yield "</g>"


def _link(edge: Edge, start: Box, end: Box) -> str:
    (x, y), (to_x, to_y) = start.port(edge), end.port(edge)
    out, to_out = start.column_edge(edge), end.column_edge(edge)
    dashes = f' stroke="{tones.BRIDGE}" stroke-dasharray="5 4"' if edge.is_attachment else ""
    if abs(y - to_y) < 0.01:
        way = f"M{number(x)} {number(y)}H{number(to_x)}"
    else:
        # A loop stays between two columns, or in the margin. A longer loop encloses a shorter one.
        is_loop = start.sides[edge] == end.sides[edge]
        bend = 14 + min(abs(to_y - y) / 40, 20) if is_loop else abs(to_out - out) / 2
        first, second = out + bend * start.sides[edge], to_out + bend * end.sides[edge]
        way = (
            f"M{number(x)} {number(y)}H{number(out)}"
            f"C{number(first)} {number(y)} {number(second)} {number(to_y)} {number(to_out)} {number(to_y)}"
            f"H{number(to_x)}"
        )
    ends = escape(printable(f"{edge.start.node} {edge.start.interface} - {edge.end.node} {edge.end.interface}"))
    return f'<path d="{way}"{dashes}><title>{ends}</title></path>'


def _legend(y: float) -> Iterator[str]:
    """Return the explanation of bars and dashed lines, which only pictures with bridges have."""
    stroke = f'stroke="{tones.BRIDGE}" stroke-width="1.8" stroke-dasharray="5 4"'
    samples = (
        ("veth pair", 30.0, f'h30" stroke="{tones.LINE}" stroke-width="1.8"'),
        ("bridge", 7.0, f'm3.5 -7v14" stroke="{tones.BRIDGE}" stroke-width="7" stroke-linecap="round"'),
        ("its interface in a namespace", 30.0, f'h30" {stroke}'),
    )
    x = _MARGIN
    for label, width, shape in samples:
        yield f'<path d="M{number(x)} {number(y - 3)}{shape} fill="none"/>'
        yield text(x + width + 8, y, label, "legend", tones.QUIET)
        x += width + 8 + span(label, 10.5) + 12
