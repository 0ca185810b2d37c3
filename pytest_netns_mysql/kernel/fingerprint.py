"""What a network looks like now: to tell whether anybody changed it."""

from __future__ import annotations

import socket
from typing import Any

from pytest_netns_mysql.kernel.network import Network

# What somebody sets, and not what follows from it some time later: carriers, states, link-local addresses, counters.
_OF_A_LINK = ("IFLA_IFNAME", "IFLA_MTU", "IFLA_ADDRESS", "IFLA_MASTER", "IFLA_LINK", "IFLA_TXQLEN", "IFLA_GROUP")
_OF_AN_ADDRESS = ("IFA_ADDRESS", "IFA_LOCAL", "IFA_LABEL")
_OF_A_ROUTE = (
    "RTA_TABLE",
    "RTA_DST",
    "RTA_SRC",
    "RTA_PREFSRC",
    "RTA_GATEWAY",
    "RTA_OIF",
    "RTA_PRIORITY",
    "RTA_METRICS",
)
_OF_A_QDISC = ("TCA_KIND", "TCA_OPTIONS")
_IFF_UP = 0x1
_PROTO_KERNEL = 2
_SCOPE_LINK = 253


def fingerprint(network: Network) -> dict[str, list[str]]:
    """Return the links, addresses, routes, rules and queueing disciplines of each namespace, alike until changed."""
    from pyroute2 import IPRoute

    found = {}
    for name, namespace in network.items():
        with namespace, IPRoute() as route:
            lines = [
                f"link {one['index']} {one['flags'] & _IFF_UP} {_set(one, _OF_A_LINK)}" for one in route.get_links()
            ]
            lines += [
                f"address {one['index']} {one['prefixlen']} {_set(one, _OF_AN_ADDRESS)}"
                for one in route.get_addr()
                if not (one["family"] == socket.AF_INET6 and one["scope"] == _SCOPE_LINK)
            ]
            lines += [
                f"route {one['type']} {one['dst_len']} {_set(one, _OF_A_ROUTE)}"
                for one in route.get_routes()
                if one["proto"] != _PROTO_KERNEL
            ]
            lines += [f"rule {one['family']} {one['action']} {one['attrs']}" for one in route.get_rules()]
            lines += [f"qdisc {one['index']} {one['handle']} {_set(one, _OF_A_QDISC)}" for one in route.get_qdiscs()]
        found[name] = sorted(lines)
    return found


def _set(message: Any, names: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in message["attrs"] if key in names]
