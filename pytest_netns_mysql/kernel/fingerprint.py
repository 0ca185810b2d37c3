"""What a network looks like now: to tell whether anybody changed it."""

from __future__ import annotations

from typing import Any

from pytest_netns_mysql.kernel.network import Network

_MOVING = {"IFLA_STATS", "IFLA_STATS64", "IFLA_AF_SPEC", "IFLA_PROTO_DOWN_REASON", "IFLA_CARRIER_UP_COUNT"}
_MOVING |= {
    "IFLA_CARRIER_CHANGES",
    "IFLA_CARRIER_DOWN_COUNT",
    "IFA_CACHEINFO",
    "RTA_CACHEINFO",
    "TCA_STATS",
    "TCA_STATS2",
}


def fingerprint(network: Network) -> dict[str, list[str]]:
    """Return the links, addresses, routes, rules and queueing disciplines of each namespace, alike until one changes."""
    from pyroute2 import IPRoute

    found = {}
    for name, namespace in network.items():
        with namespace, IPRoute() as route:
            messages = [
                *route.get_links(),
                *route.get_addr(),
                *route.get_routes(),
                *route.get_qdiscs(),
                *route.get_rules(),
            ]
            found[name] = sorted(map(_text, messages))
    return found


def _text(message: Any) -> str:
    lasting = [(key, value) for key, value in message["attrs"] if key not in _MOVING]
    fields = {key: value for key, value in message.items() if key not in ("attrs", "header")}
    return f"{message['event']} {fields} {lasting}"
