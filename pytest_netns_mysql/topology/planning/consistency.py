"""Faults between interfaces: overlapping subnets, duplicate addresses, missing gateways, loops of bridges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.plan import Address, Interface, Masquerade, Plan, PortForward, Subnet
from pytest_netns_mysql.topology.planning.interfaces import Wiring
from pytest_netns_mysql.topology.planning.values import first_free
from pytest_netns_mysql.topology.tomltext import toml_key

_Place = tuple[str, str]  # a namespace and the interface of a bridge there
_HOST_NAME = re.compile(r"(?=.{1,255}$)(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def check_wiring(plan: Plan, wiring: Wiring, faults: Faults) -> None:
    """Add the faults between the interfaces of a plan."""
    _check_subnets(plan, wiring, faults)
    _check_segments(plan, wiring, faults)


def _interfaces(plan: Plan) -> Iterable[tuple[str, str, tuple[Interface, ...]]]:
    """Return the namespace, the name and the addresses of each interface."""
    for bridge in plan.bridges:
        yield bridge.namespace, bridge.interface, bridge.addresses
    for end in plan.ends:
        yield end.namespace, end.interface, end.addresses


def _check_subnets(plan: Plan, wiring: Wiring, faults: Faults) -> None:
    """Add a fault for two interfaces of one namespace in the same subnet. Two namespaces may use the same subnet."""
    by_start = sorted(
        (
            (namespace, address.version, int(address.network.network_address), -address.network.prefixlen),
            interface,
            address,
        )
        for namespace, interface, addresses in _interfaces(plan)
        for address in addresses
    )
    order = {place: number for number, place in enumerate(wiring.keys)}
    for (namespace, _), group in groupby(by_start, lambda entry: entry[0][:2]):
        widest: tuple[str, Interface] | None = None
        for _, interface, address in group:
            if widest is None or not widest[1].network.overlaps(address.network):
                widest = interface, address
            elif widest[0] != interface:
                _overlap(namespace, widest, (interface, address), order, wiring, faults)


def _overlap(
    namespace: str,
    wider: tuple[str, Interface],
    narrower: tuple[str, Interface],
    order: Mapping[_Place, int],
    wiring: Wiring,
    faults: Faults,
) -> None:
    first, second = sorted((wider, narrower), key=lambda entry: order[namespace, entry[0]])
    keys = [wiring.keys[namespace, interface] for interface, _ in (first, second)]
    names = [_owner(key, interface) for key, (interface, _) in zip(keys, (first, second), strict=True)]
    faults.add(
        f"the subnets of {names[0]} ({first[1].network}) and {names[1]} ({second[1].network}) overlap",
        f"{keys[0]} and {keys[1]}",
        f"give each interface a subnet of its own: {namespace} could not tell which interface an address is behind",
        *(["or link one of them to another namespace than global: to = ..."] if namespace == GLOBAL else []),
    )


def _owner(key: str, interface: str) -> str:
    """Return what messages call an interface: the name of a namespace with a single link, else the interface's own."""
    name = key.partition(".")[2]
    return name if ".links[" not in key else interface


class _Segments:
    """The segments of a plan: which bridges are joined, and which interface has which address."""

    def __init__(self, plan: Plan, wiring: Wiring, faults: Faults) -> None:
        self._names = {(bridge.namespace, bridge.interface): bridge.name for bridge in plan.bridges}
        self._leaders = {place: place for place in self._names}
        self._faults = faults
        for veth in plan.veths:
            if veth.inner.bridge is not None and veth.outer.bridge is not None:
                self._join((veth.inner.namespace, veth.inner.bridge), (veth.outer.namespace, veth.outer.bridge))
        self._subnets: dict[_Place, list[Subnet]] = {place: [] for place in self._names}
        self._there: dict[_Place, dict[Address, str]] = {place: {} for place in self._names}
        for bridge in plan.bridges:
            place = bridge.namespace, bridge.interface
            self.add(place, bridge.addresses, wiring.keys[place])
            self._subnets[self._leader(place)] += [address.network for address in bridge.addresses]

    def _leader(self, place: _Place) -> _Place:
        while self._leaders[place] != place:
            place = self._leaders[place]
        return place

    def _join(self, bridge: _Place, other: _Place) -> None:
        first, second = self._leader(bridge), self._leader(other)
        if first == second:
            names = self._names[bridge], self._names[other]
            self._faults.add(
                f"the bridges {names[0]} and {names[1]} are joined in a loop, in which frames would circulate for ever",
                f"bridges.{toml_key(names[0])}.to",
                f"remove {names[1]} from the list",
            )
        self._leaders[first] = second

    def add(self, place: _Place, addresses: tuple[Interface, ...], key: str) -> None:
        """Add addresses to the segment of a bridge, and a fault for an address that is there already."""
        known = self.known(place)
        for address in addresses:
            first = known.setdefault(address.ip, key)
            if first != key:
                self._faults.add(
                    f"{address.ip} is given twice on the same segment", f"{first} and {key}", "change one of them"
                )

    def check_member(self, place: _Place, addresses: tuple[Interface, ...], key: str) -> None:
        """Add a fault for a member whose addresses are in no subnet of the segment's bridges; each family by itself."""
        for version in (4, 6):
            own = [address for address in addresses if address.version == version]
            subnets = [subnet for subnet in self._subnets[self._leader(place)] if subnet.version == version]
            if own and subnets and not any(address.ip in subnet for address in own for subnet in subnets):
                self._faults.add(
                    f"{own[0]} is outside of the subnet of the bridge {self._names[place]}, "
                    f"{', '.join(map(str, subnets))}",
                    key,
                    f"write {first_free(subnets[0], self.known(place))}, for example",
                )

    def known(self, place: _Place) -> dict[Address, str]:
        """Return the addresses on the segment of a bridge, each with the key that gives it."""
        return self._there[self._leader(place)]


def _check_segments(plan: Plan, wiring: Wiring, faults: Faults) -> None:
    """Add faults for duplicate addresses on a link or segment, and for default routes to missing addresses."""
    segments = _Segments(plan, wiring, faults)
    for veth in plan.veths:
        inner, outer = veth.inner, veth.outer
        key = wiring.keys[inner.namespace, inner.interface]
        if outer.bridge is not None:
            segments.add((outer.namespace, outer.bridge), inner.addresses, key)
            segments.check_member((outer.namespace, outer.bridge), inner.addresses, key)
        for address in inner.addresses:
            if address.ip in [other.ip for other in outer.addresses]:
                faults.add(f"both ends of the link have {address.ip}", key, "change one of them")
    for veth in plan.veths:
        if veth.outer.bridge is not None and veth.inner.bridge is None:
            known = segments.known((veth.outer.namespace, veth.outer.bridge))
            _check_gateways(veth.inner.namespace, veth.inner.addresses, known, wiring, faults)


def _check_gateways(
    namespace: str, addresses: tuple[Interface, ...], known: dict[Address, str], wiring: Wiring, faults: Faults
) -> None:
    for route in wiring.default_routes:
        ours = route.namespace == namespace and any(route.gateway in address.network for address in addresses)
        if ours and route.gateway not in known:
            others = [str(ip) for ip in known if ip not in [address.ip for address in addresses]]
            faults.add(
                f"no interface there has the gateway's address {route.gateway}",
                f"namespaces.{toml_key(namespace)}.gateway",
                f"write one of {', '.join(others)}, or give that address to the bridge",
            )


def check_published_loopback(
    plan: Plan, forwards: Iterable[PortForward], masquerades: Iterable[Masquerade], faults: Faults
) -> None:
    """Add a fault for a port at 127.0.0.1 whose connections would arrive as from there, which the kernel drops."""
    places = {(rule.namespace, rule.interface) for rule in masquerades}
    for rule in forwards:
        near = [
            interface
            for namespace, interface, addresses in _interfaces(plan)
            if namespace == rule.namespace and any(rule.to in address.network for address in addresses)
        ]
        if rule.address.is_loopback and not {(rule.namespace, name) for name in (*near, None)} & places:
            start = "" if rule.namespace == GLOBAL else f"namespaces.{toml_key(rule.namespace)}."
            faults.add(
                f"port {rule.port} is published at {rule.address}, and connections by it would come from there",
                f"{start}publish",
                f"write {start}masquerade = {near or True}".replace("'", '"').replace("True", "true"),
            )


def check_host_names(named: list[tuple[str, str, Address]], faults: Faults) -> None:
    """Add faults for invalid host names, and for a name that is given at two keys.

    Args:
        named: The key, the name and the address of each host name.
        faults: The faults found so far.
    """
    places: dict[str, str] = {}
    for key, name, _ in named:
        if not _HOST_NAME.fullmatch(name):
            faults.add(f"{name!r} is not a valid host name", key, "write it as red.db.test")
        first = places.setdefault(name.lower(), key)
        if first != key:
            faults.add(f"the host name {name} is given twice", f"{first} and {key}", "keep one of them")
