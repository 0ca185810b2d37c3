"""Drawings of a topology: text for a terminal, pictures for pages, data for scripts."""

from __future__ import annotations

from pytest_netns_mysql.topology.diagram import as_dot, as_json, as_mermaid, as_svg, as_text
from pytest_netns_mysql.topology.topology import Topology

FORMATS = ("text", "mermaid", "dot", "svg", "json")


def draw(topology: Topology, format: str = "text") -> str:  # noqa: A002 - the name of the option --format
    """Return the drawing of a topology, without a newline at the end.

    Args:
        topology: The topology.
        format: One of FORMATS.

    Raises:
        TopologyError: If the topology has faults.
        EndpointError: If the only fault is an endpoint.
        ValueError: If there is no such format.
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
