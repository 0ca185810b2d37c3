"""Draw a topology as text, the way the manual lays its example out: red <=> global <=> blue."""

from __future__ import annotations

from pytest_netns_mysql.endpoint import GLOBAL, parse
from pytest_netns_mysql.topology.model import Topology


def text(topology: Topology) -> str:
    """Return the drawing: names, links, addresses, routes and endpoints, a line each."""
    forwarding = "on" if topology.forwarding else "off"
    lines = [f"topology {topology.name} ({topology.source}), forwarding {forwarding}", "", _chain(topology), ""]
    width = max(len(name) for name in (GLOBAL, *topology.namespaces))
    for link in topology.links:
        lines += [
            f"{link.namespace:{width}}  {link.interface} {link.address}, default via {link.gateway.ip}",
            f"{GLOBAL:{width}}  {link.outer_interface} {link.gateway}",
        ]
    lines += ["", "mysqld listens on"]
    for value in topology.bind_address:
        endpoint = parse(value)
        lines.append(f"{endpoint.namespace:{width}}  {endpoint}, port {endpoint.port}")
    return "\n".join(lines)


def _chain(topology: Topology) -> str:
    names = topology.namespaces
    half = (len(names) + 1) // 2
    return " <=> ".join((*names[:half], GLOBAL, *names[half:]))
