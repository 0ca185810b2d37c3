"""A fingerprint of a network's configuration, which shows if anybody has changed the network."""

from __future__ import annotations

import socket
from typing import Any

from pytest_netns_mysql.kernel.network import Network

# Configuration only. Carriers, states, link-local addresses and counters change later without anybody's doing.
_LINK_ATTRIBUTES = ("IFLA_IFNAME", "IFLA_MTU", "IFLA_ADDRESS", "IFLA_MASTER", "IFLA_LINK", "IFLA_TXQLEN", "IFLA_GROUP")
_ADDRESS_ATTRIBUTES = ("IFA_ADDRESS", "IFA_LOCAL", "IFA_LABEL")
_ROUTE_ATTRIBUTES = (
    "RTA_TABLE",
    "RTA_DST",
    "RTA_SRC",
    "RTA_PREFSRC",
    "RTA_GATEWAY",
    "RTA_OIF",
    "RTA_PRIORITY",
    "RTA_METRICS",
)
_QDISC_ATTRIBUTES = ("TCA_KIND", "TCA_OPTIONS")
_IFF_UP = 0x1
_PROTO_KERNEL = 2
_SCOPE_LINK = 253


def fingerprint(network: Network) -> dict[str, list[str]]:
    """Return the links, addresses, routes, rules and queueing disciplines of each namespace as comparable lines."""
    from pyroute2 import IPRoute

    found = {}
    for name, namespace in network.items():
        with namespace, IPRoute() as route:
            lines = [
                f"link {link['index']} {link['flags'] & _IFF_UP} {_selected(link, _LINK_ATTRIBUTES)}"
                for link in route.get_links()
            ]
            lines += [
                f"address {address['index']} {address['prefixlen']} {_selected(address, _ADDRESS_ATTRIBUTES)}"
                for address in route.get_addr()
                if not (address["family"] == socket.AF_INET6 and address["scope"] == _SCOPE_LINK)
            ]
            lines += [
                f"route {entry['type']} {entry['dst_len']} {_selected(entry, _ROUTE_ATTRIBUTES)}"
                for entry in route.get_routes()
                if entry["proto"] != _PROTO_KERNEL
            ]
            lines += [f"rule {rule['family']} {rule['action']} {rule['attrs']}" for rule in route.get_rules()]
            lines += [
                f"qdisc {qdisc['index']} {qdisc['handle']} {_selected(qdisc, _QDISC_ATTRIBUTES)}"
                for qdisc in route.get_qdiscs()
            ]
        found[name] = sorted(lines)
    return found


def _selected(message: Any, names: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in message["attrs"] if key in names]
