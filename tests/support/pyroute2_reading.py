"""What pyroute2 reads of a network, and what the plan of its topology says: both in the same form."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyroute2 import IPRoute
from pyroute2.nftables.main import NFTables

from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.plan import End, Plan, PlannedBridge

NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, TCP = 1, 2, 10, 6
RT_TABLE_MAIN, IFF_UP = 254, 0x1
USUAL_MTU = 1500

Name = tuple[str, str]  # a namespace and an interface
Rule = tuple[str, tuple[str, ...], tuple[bytes, ...]]  # chain, names of expressions, values


@dataclass(frozen=True)
class Interface:
    """An interface; ``mtu``, ``mac`` and ``rate`` are None if the plan says nothing of them."""

    kind: str
    is_up: bool
    addresses: frozenset[str]
    mtu: int | None
    mac: str | None
    bridge: str | None
    peer: Name | None
    rate: int | None  # bytes a second


@dataclass(frozen=True)
class Reading:
    """Everything that a plan asks the kernel for, except forwarding."""

    interfaces: dict[Name, Interface]
    routes: dict[str, frozenset[tuple[str, str]]]
    rules: dict[str, tuple[Rule, ...]]


def planned(plan: Plan) -> Reading:
    """Return what the plan of a topology says."""
    peers = {
        (end.namespace, end.interface): (other.namespace, other.interface)
        for veth in plan.veths
        for end, other in ((veth.inner, veth.outer), (veth.outer, veth.inner))
    }
    both: list[End | PlannedBridge] = [*plan.ends, *plan.bridges]
    interfaces = {}
    for planned_interface in both:
        name = planned_interface.namespace, planned_interface.interface
        end = planned_interface if isinstance(planned_interface, End) else None
        shaping = end.shaping if end else None
        interfaces[name] = Interface(
            kind="veth" if end else "bridge",
            is_up=True,
            addresses=frozenset(map(str, planned_interface.addresses)),
            mtu=planned_interface.mtu or (USUAL_MTU if end else None),
            mac=end.mac if end else None,
            bridge=end.bridge if end else None,
            peer=peers.get(name),
            rate=shaping.rate // 8 if shaping and shaping.rate else None,
        )
    routes = {
        name: frozenset(
            (str(route.destination), str(route.gateway)) for route in plan.routes if route.namespace == name
        )
        for name in plan.addresses
    }
    return Reading(interfaces, routes, {name: tuple(planned_rules(plan, name)) for name in plan.addresses})


def planned_rules(plan: Plan, name: str) -> Iterator[Rule]:
    """Yield the nftables rules of a namespace, in the order of their chains' names."""
    both: list[End | PlannedBridge] = [*plan.ends, *plan.bridges]
    own = {interface.interface: interface.addresses for interface in both if interface.namespace == name}
    forwards = [rule for rule in plan.port_forwards if rule.namespace == name]
    for chain in ("output", "postrouting", "prerouting"):
        for rule in forwards if chain != "postrouting" else ():
            family = NFPROTO_IPV4 if rule.address.version == 4 else NFPROTO_IPV6
            ports = [number.to_bytes(2, "big") for number in (rule.port, rule.to_port)]
            values = (bytes([family]), rule.address.packed, bytes([TCP]), ports[0], rule.to.packed, ports[1])
            compared = ("meta", "cmp", "payload", "cmp", "meta", "cmp", "payload", "cmp")
            yield chain, (*compared, "immediate", "immediate", "nat"), values
        if chain != "postrouting":
            continue
        wanted = [rule.interface for rule in plan.masquerades if rule.namespace == name]
        for interface in own if None in wanted else dict.fromkeys(filter(None, wanted)):
            out = interface.encode().ljust(16, b"\0")
            if forwards:
                yield chain, ("meta", "cmp", "ct", "bitwise", "cmp", "masq"), (out, bytes(4))
            for version, family in ((4, NFPROTO_IPV4), (6, NFPROTO_IPV6)):
                subnets = [
                    address.network.network_address.packed for address in own[interface] if address.version == version
                ]
                matches = ("payload", "bitwise", "cmp") * len(subnets)
                yield chain, ("meta", "cmp", "meta", "cmp", *matches, "masq"), (out, bytes([family]), *subnets)


def read_by_pyroute2(network: Network) -> Reading:
    """Return what pyroute2 reads in the namespaces of a network."""
    links: dict[str, list[Any]] = {}
    interfaces: dict[Name, Interface] = {}
    routes: dict[str, frozenset[tuple[str, str]]] = {}
    rules: dict[str, tuple[Rule, ...]] = {}
    for name, namespace in network.items():
        with namespace, IPRoute() as client:
            links[name] = client.get_links()
    for name, namespace in network.items():
        with namespace, IPRoute() as client:
            addresses, qdiscs = client.get_addr(), client.get_qdiscs()
            ids: dict[int | None, str] = {
                client.get_netnsid(fd=other._descriptor)["nsid"]: other_name for other_name, other in network.items()
            }
            ids[None] = name
            found = [
                *client.get_routes(family=socket.AF_INET, table=RT_TABLE_MAIN),
                *client.get_routes(family=socket.AF_INET6, table=RT_TABLE_MAIN),
            ]
        routes[name] = frozenset(map(route, filter(has_gateway, found)))
        for link in links[name]:
            if link.get_attr("IFLA_IFNAME") != "lo":
                own = [message for message in (*addresses, *qdiscs) if message["index"] == link["index"]]
                interfaces[name, link.get_attr("IFLA_IFNAME")] = interface(link, ids, own, links)
        with namespace, NFTables(nfgen_family=NFPROTO_INET) as client:
            rules[name] = tuple(sorted(map(rule, client.get_rules()), key=lambda rule: rule[0]))
    return Reading(interfaces, routes, rules)


def interface(link: Any, ids: dict[int | None, str], own: list[Any], links: dict[str, list[Any]]) -> Interface:
    """Return an interface by pyroute2's messages.

    Args:
        link: The interface's message.
        ids: The namespaces by their ids in the interface's namespace; None for the interface's namespace itself.
        own: The messages of the interface's addresses and queueing disciplines.
        links: The messages of all interfaces by namespace.
    """
    kind = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND")
    names = {other["index"]: other.get_attr("IFLA_IFNAME") for other in links[ids[None]]}
    qdiscs = [message for message in own if message.get_attr("TCA_KIND") == "tbf"]
    rates = [message.get_nested("TCA_OPTIONS", "TCA_TBF_PARMS")["rate"] for message in qdiscs]
    found = [(message.get_attr("IFA_ADDRESS"), message) for message in own]
    addresses = [(ip, message["prefixlen"]) for ip, message in found if ip]
    return Interface(
        kind=kind,
        is_up=bool(link["flags"] & IFF_UP),
        addresses=frozenset(f"{ip}/{length}" for ip, length in addresses if not ip.startswith("fe80:")),
        mtu=link.get_attr("IFLA_MTU"),
        mac=link.get_attr("IFLA_ADDRESS"),
        bridge=names.get(link.get_attr("IFLA_MASTER")),
        peer=peer(link, ids, links) if kind == "veth" else None,
        rate=rates[0] if rates else None,
    )


def peer(link: Any, names: dict[int | None, str], links: dict[str, list[Any]]) -> Name | None:
    """Return the other end of a veth pair, in one of the namespaces that have these ids."""
    namespace = names[link.get_attr("IFLA_LINK_NETNSID")]
    found = {other["index"]: other.get_attr("IFLA_IFNAME") for other in links[namespace]}
    return namespace, found[link.get_attr("IFLA_LINK")]


def has_gateway(route: Any) -> bool:
    return route.get_attr("RTA_GATEWAY") is not None


def route(message: Any) -> tuple[str, str]:
    anywhere = "0.0.0.0" if message["family"] == socket.AF_INET else "::"
    return f"{message.get_attr('RTA_DST') or anywhere}/{message['dst_len']}", message.get_attr("RTA_GATEWAY")


def rule(message: Any) -> Rule:
    expressions = message.get_attr("NFTA_RULE_EXPRESSIONS")
    names = tuple(expression.get_attr("NFTA_EXPR_NAME") for expression in expressions)
    keys = {"cmp": "NFTA_CMP_DATA", "immediate": "NFTA_IMMEDIATE_DATA"}
    values = tuple(
        expression.get_attr("NFTA_EXPR_DATA").get_attr(keys[name]).get_attr("NFTA_DATA_VALUE")
        for name, expression in zip(names, expressions, strict=True)
        if name in keys
    )
    return message.get_attr("NFTA_RULE_CHAIN"), names, values
