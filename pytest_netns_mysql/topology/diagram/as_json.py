"""A topology as plain data, for scripts.

The keys of each object are sorted. A value that is not set is null. Addresses have their prefix lengths. The keys are:
``name``, ``source``, ``description``;
``namespaces``: by name, ``global`` among them: ``interfaces``, ``routes`` (``destination``, ``gateway``),
``forwarding``, ``masquerade`` (interfaces, ``*`` for all), ``publish`` (``address``, ``port``, ``to_address``,
``to_port``), ``hosts`` (the names of its addresses), ``external`` (where it exists already);
an interface: ``name``, ``kind`` (``veth`` or ``bridge``), ``addresses``, ``mac``, ``mtu`` in bytes, ``peer``
(``namespace``, ``interface``), ``port_of`` (a bridge's name), ``rate`` in bits a second, ``delay`` in seconds,
``loss`` in per cent;
``bridges``: by name: ``namespace``, ``interface``, ``addresses``, ``mtu``, ``ports`` (``namespace``, ``interface``);
``links``: a list of pairs of ``namespace``, ``interface``, ``node``, the last naming the bridge where it is a port;
``hosts``: the addresses of each host name;
``endpoints``: ``parameter``, ``value`` as mysqld takes it, ``address``, ``namespace``, ``port``.
"""

from __future__ import annotations

import json

from pytest_netns_mysql.topology.diagram.facts import host_names
from pytest_netns_mysql.topology.diagram.graph import EdgeEnd, graph
from pytest_netns_mysql.topology.diagram.serverlabels import server_labels
from pytest_netns_mysql.topology.plan import End, Plan, PlannedBridge, Shaping
from pytest_netns_mysql.topology.topology import Topology

Data = dict[str, object]


def draw(topology: Topology) -> str:
    """Return the topology as JSON; see the module for the keys."""
    plan, network = topology.plan, graph(topology.plan)
    links = [
        ((veth.inner, edge.start), (veth.outer, edge.end)) for veth, edge in zip(plan.veths, network.links, strict=True)
    ]
    ports: dict[str, list[End]] = {name: [] for name in network.bridges}
    interfaces: dict[str, list[Data]] = {name: [] for name in network.namespaces}
    for inner, outer in links:
        for (end, drawn), (peer, _) in ((inner, outer), (outer, inner)):
            interfaces[end.namespace].append(_veth(end, peer, drawn.node if drawn.node in ports else None))
            if drawn.node in ports:
                ports[drawn.node].append(end)
    for bridge in plan.bridges:
        interfaces[bridge.namespace].append(_bridge_interface(bridge))
    data: Data = {
        "name": topology.name,
        "source": topology.source,
        "description": topology.description,
        "namespaces": {name: _namespace(plan, name, interfaces[name]) for name in network.namespaces},
        "bridges": {bridge.name: _bridge(bridge, ports[bridge.name]) for bridge in plan.bridges},
        "links": [[_link_end(end, drawn) for end, drawn in ends] for ends in links],
        "hosts": host_names(plan),
        "endpoints": [
            {
                "parameter": label.kind.parameter,
                "value": str(label.endpoint),
                "address": label.endpoint.address,
                "namespace": label.endpoint.namespace,
                "port": label.endpoint.port,
            }
            for label in server_labels(topology)
        ],
    }
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False)
    # A terminal obeys control characters, of which JSON itself escapes only the first 32.
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _namespace(plan: Plan, name: str, interfaces: list[Data]) -> Data:
    own = [str(address.ip) for address in plan.addresses[name] if not address.is_loopback]
    return {
        "interfaces": interfaces,
        "routes": [
            {"destination": str(route.destination), "gateway": str(route.gateway)}
            for route in plan.routes
            if route.namespace == name
        ],
        "forwarding": name in plan.forwarding,
        "masquerade": [rule.interface or "*" for rule in plan.masquerades if rule.namespace == name],
        "publish": [
            {"address": str(rule.address), "port": rule.port, "to_address": str(rule.to), "to_port": rule.to_port}
            for rule in plan.port_forwards
            if rule.namespace == name
        ],
        "hosts": [host for host, addresses in host_names(plan).items() if set(addresses) & set(own)],
        "external": plan.external.get(name),
    }


def _veth(end: End, peer: End, bridge: str | None) -> Data:
    shaping = end.shaping or Shaping()
    return {
        "name": end.interface,
        "kind": "veth",
        "addresses": [str(address) for address in end.addresses],
        "mac": end.mac,
        "mtu": end.mtu,
        "peer": {"namespace": peer.namespace, "interface": peer.interface},
        "port_of": bridge,
        "rate": shaping.rate,
        "delay": shaping.delay,
        "loss": shaping.loss,
    }


def _bridge_interface(bridge: PlannedBridge) -> Data:
    return {
        "name": bridge.interface,
        "kind": "bridge",
        "addresses": [str(address) for address in bridge.addresses],
        "mac": None,
        "mtu": bridge.mtu,
        "peer": None,
        "port_of": None,
        "rate": None,
        "delay": None,
        "loss": None,
    }


def _bridge(bridge: PlannedBridge, ports: list[End]) -> Data:
    return {
        "namespace": bridge.namespace,
        "interface": bridge.interface,
        "addresses": [str(address) for address in bridge.addresses],
        "mtu": bridge.mtu,
        "ports": [{"namespace": end.namespace, "interface": end.interface} for end in ports],
    }


def _link_end(end: End, drawn: EdgeEnd) -> Data:
    return {"namespace": end.namespace, "interface": end.interface, "node": drawn.node}
