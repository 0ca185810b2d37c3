"""Draw a topology: as text for a terminal, as a picture for a page, as data for a script."""

from __future__ import annotations

from pytest_netns_mysql.topology.diagram import as_dot, as_json, as_mermaid, as_svg, as_text
from pytest_netns_mysql.topology.topology import Topology

FORMATS = ("text", "mermaid", "dot", "svg", "json")


def draw(topology: Topology, format: str = "text") -> str:  # noqa: A002 - it is what --format takes
    """Return the drawing of a topology in one of FORMATS, without a newline at its end.

    Raises TopologyError or EndpointError where the topology is wrong, ValueError for a format that there is not.
    """
    drawings = {
        "text": as_text.draw,
        "mermaid": as_mermaid.draw,
        "dot": as_dot.draw,
        "svg": as_svg.draw,
        "json": as_json.draw,
    }
    if format not in drawings:
        raise ValueError(f"there is no format {format!r}: it must be one of {', '.join(FORMATS)}")
    return drawings[format](topology)
