"""What a network looks like now: to tell whether anybody changed it."""

from __future__ import annotations

import socket
from typing import Any

from pytest_netns_mysql.kernel.network import Network

_MOVING = {"IFLA_STATS", "IFLA_STATS64", "IFLA_AF_SPEC", "IFLA_CARRIER_CHANGES", "IFLA_CARRIER_UP_COUNT"}
_MOVING |= {"IFLA_CARRIER_DOWN_COUNT", "IFA_CACHEINFO", "RTA_CACHEINFO", "TCA_STATS", "TCA_STATS2"}
_SCOPE_LINK = 253
_TABLE_LOCAL = 255


def fingerprint(network: Network) -> dict[str, list[str]]:
    """Return the links, addresses, routes, rules and queueing disciplines of each namespace, alike until changed."""
    from pyroute2 import IPRoute

    found = {}
    for name, namespace in network.items():
        with namespace, IPRoute() as route:
            messages = [
                *route.get_links(),
                *(one for one in route.get_addr() if not _is_the_kernels(one)),
                *(one for one in route.get_routes() if one["table"] != _TABLE_LOCAL),
                *route.get_rules(),
                *route.get_qdiscs(),
            ]
        found[name] = sorted(map(_text, messages))
    return found


def _is_the_kernels(address: Any) -> bool:
    """Tell whether it is a link-local address, which is found to be nobody else's some time after the link is up."""
    return bool(address["family"] == socket.AF_INET6 and address["scope"] == _SCOPE_LINK)


def _text(message: Any) -> str:
    lasting = [(key, value) for key, value in message["attrs"] if key not in _MOVING]
    fields = {key: value for key, value in message.items() if key not in ("attrs", "header")}
    return f"{message['event']} {fields} {lasting}"
