"""The wiring of a topology: its interfaces with their names, addresses and default routes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.model import Bridge, Description, Link, Texts, texts
from pytest_netns_mysql.topology.plan import End, Interface, PlannedBridge, Route, Shaping, Veth
from pytest_netns_mysql.topology.planning.values import (
    check_mtu,
    first_other_host,
    interface_fault,
    read_address,
    read_destination,
    read_gateway,
    read_mac,
    read_quantity,
    usual,
)
from pytest_netns_mysql.topology.tomltext import toml_key


class Wiring:
    """The interfaces that the links and bridges of a topology make.

    Attributes:
        keys: The key in the file of each interface, by namespace and name.
        default_routes: The default routes found so far.
    """

    def __init__(self, description: Description, faults: Faults) -> None:
        """Read the bridges of a topology; what is wrong is added to ``faults``."""
        self.keys: dict[tuple[str, str], str] = {}
        self.default_routes: list[Route] = []
        self._description = description
        self._faults = faults
        self._numbers = {"veth": 0, "vpeer": 0, "br": 0}
        self._taken = self._given_interfaces()
        self._addresses: dict[int, tuple[Interface, ...]] = {}
        self._bridges = {name: self._bridge(name) for name in description.bridges}

    def bridges(self) -> tuple[PlannedBridge, ...]:
        """Return the bridges."""
        return tuple(self._bridges.values())

    def veths(self) -> tuple[Veth, ...]:
        """Return the veth pairs: first those of the namespaces, then those that join bridges."""
        own = [self._veth(*link) for link in self._links()]
        return (*own, *self._joints())

    @cached_property
    def _places(self) -> list[str]:
        """The namespaces in which interfaces can be created: ``global``, and those that are not external."""
        return [GLOBAL, *(name for name, known in self._description.namespaces.items() if known.external is None)]

    @cached_property
    def targets(self) -> Mapping[str, str]:
        """The namespace of a link's other end, by the name of the namespace or bridge that the link leads to."""
        bridges = {name: self._namespace_of(bridge) for name, bridge in self._description.bridges.items()}
        return {name: name for name in self._places} | bridges

    def _namespace_of(self, bridge: Bridge) -> str:
        """Return the namespace of a bridge, or ``global`` if there is no such namespace, which is a fault."""
        return bridge.namespace if bridge.namespace in self._places else GLOBAL

    def _links(self) -> Iterator[tuple[str, int, Link, str]]:
        """Return each link with its namespace before it, its number there, and its key after it."""
        for name, namespace in self._description.namespaces.items():
            start = f"namespaces.{toml_key(name)}"
            for number, link in enumerate(namespace.links):
                yield name, number, link, start if len(namespace.links) == 1 else f"{start}.links[{number}]"

    # ---- names

    def _given_interfaces(self) -> dict[str, set[str]]:
        """Return the interface names in the topology, by namespace; generated names must differ from them."""
        taken: dict[str, set[str]] = {}
        for name, _, link, _ in self._links():
            for namespace, chosen in ((name, link.interface), (self.targets.get(link.to), link.outer_interface)):
                if chosen is not None and namespace is not None:
                    taken.setdefault(namespace, set()).add(chosen)
        for bridge in self._description.bridges.values():
            if bridge.interface is not None:
                taken.setdefault(self._namespace_of(bridge), set()).add(bridge.interface)
        return taken

    def _interface(self, namespace: str, chosen: str | None, wanted: str, key: str) -> str:
        kind = wanted.partition("-")[0]
        number = self._numbers[kind]
        self._numbers[kind] += 1
        if chosen is not None:
            if fault := interface_fault(chosen):
                self._faults.add(
                    f"an interface cannot be called {chosen!r}: {fault}",
                    key,
                    f"write {kind}{number}, or leave it out to have a name generated",
                )
            return chosen
        taken = self._taken.setdefault(namespace, set())
        name = wanted
        while interface_fault(name) or name in taken:
            name = f"{kind}{number}"
            number += 1
        taken.add(name)
        return name

    # ---- what is joined

    def _bridge(self, name: str) -> PlannedBridge:
        bridge, key = self._description.bridges[name], f"bridges.{toml_key(name)}"
        namespace = self._namespace_of(bridge)
        if namespace != bridge.namespace:
            self._unknown(bridge.namespace, f"{key}.namespace", self._places, "namespace")
        addresses = self._read_addresses(bridge.address, f"{key}.address")
        check_mtu(bridge.mtu, addresses, f"{key}.mtu", self._faults)
        interface = self._interface(namespace, bridge.interface, f"br-{name}", f"{key}.interface")
        if (namespace, interface) in self.keys:
            self._same_interface((namespace, interface), key)
        self.keys[namespace, interface] = key
        return PlannedBridge(name, namespace, interface, addresses, bridge.mtu)

    def _veth(self, name: str, number: int, link: Link, key: str) -> Veth:
        there = self.targets.get(link.to)
        if there is None or link.to == name:
            self._unknown(link.to, f"{key}.to", self.targets.keys() - {name})
            there = GLOBAL
        short = link == Link(link.address) and len(texts(link.address)) == 1
        addresses = self._read_addresses(link.address, key if short else f"{key}.address")
        self._addresses[id(link)] = addresses
        check_mtu(link.mtu, addresses, f"{key}.mtu", self._faults)
        bridge = self._bridges.get(link.to)
        gateways = self._gateways(link, addresses, key)
        outer: tuple[Interface, ...] = ()
        if bridge is None:
            outer = self._outer_addresses(link, addresses, gateways, key, short=short)
        elif link.outer_address not in (None, False):
            self._faults.add(
                f"{link.to} is a bridge, whose ports have no address",
                f"{key}.outer_address",
                f"write it below bridges.{toml_key(link.to)} as address",
            )
        self._route(name, link, gateways, bridge.addresses if bridge is not None else outer)
        suffix = f"-{number}" if number else ""
        inner_name = self._interface(name, link.interface, f"vpeer-{name}{suffix}", f"{key}.interface")
        outer_name = self._interface(there, link.outer_interface, f"veth-{name}{suffix}", f"{key}.outer_interface")
        for place in ((name, inner_name), (there, outer_name)):
            if place in self.keys:
                self._same_interface(place, key)
            self.keys.setdefault(place, key)
        return Veth(
            End(
                name,
                inner_name,
                addresses,
                read_mac(link.mac, f"{key}.mac", self._faults),
                link.mtu,
                shaping=self._shaping(link, key),
            ),
            End(
                there,
                outer_name,
                outer,
                read_mac(link.outer_mac, f"{key}.outer_mac", self._faults),
                link.mtu,
                bridge=bridge.interface if bridge is not None else None,
            ),
            link.to,
        )

    def _joints(self) -> Iterator[Veth]:
        for name, bridge in self._description.bridges.items():
            for number, other in enumerate(texts(bridge.to)):
                key = f"bridges.{toml_key(name)}.to"
                if other not in self._bridges:
                    self._unknown(other, key, self._bridges.keys() - {name}, "bridge")
                    continue
                ends = []
                for bridge_name, wanted in ((name, f"vpeer-{name}-{number}"), (other, f"veth-{name}-{number}")):
                    there = self._bridges[bridge_name]
                    interface = self._interface(there.namespace, None, wanted, key)
                    self.keys[there.namespace, interface] = key
                    ends.append(End(there.namespace, interface, mtu=bridge.mtu, bridge=there.interface))
                yield Veth(ends[0], ends[1], other)

    def _same_interface(self, place: tuple[str, str], key: str) -> None:
        self._faults.add(
            f"two interfaces of {place[0]} are called {place[1]}",
            f"{self.keys[place]} and {key}",
            f"set {'outer_interface' if place[0] == GLOBAL else 'interface'} of one of them",
        )

    def _unknown(self, name: str, key: str, known: Iterable[str], kind: str = "namespace or bridge") -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        self._faults.add(
            f"there is no {kind} {name!r}",
            key,
            f"write {near[0]!r}" if near else "write one of these names, or add it",
            tried=[f"the topology has {', '.join(names) or 'none'}"],
        )

    # ---- addresses and routes

    def _read_addresses(self, addresses: Texts, key: str) -> tuple[Interface, ...]:
        found: dict[Interface, None] = {}
        for text in texts(addresses):
            address = read_address(text, key, self._faults)
            if address is not None and address in found:
                self._faults.add(f"{text} is listed twice", key, "write it once")
            elif address is not None:
                found[address] = None
        return tuple(found)

    def _gateways(self, link: Link, addresses: tuple[Interface, ...], key: str) -> list[Interface] | None:
        """Return the gateways of a link; an empty list if the link wants none, None if the link does not say."""
        if link.gateway is False:
            return []
        if link.gateway is None or link.gateway is True:
            return None
        if not link.address:
            self._faults.add(
                "a gateway needs an address on the same link", f"{key}.gateway", 'write address = "192.0.2.2/24"'
            )
        if not addresses:
            return []
        read = [read_gateway(text, list(addresses), f"{key}.gateway", self._faults) for text in texts(link.gateway)]
        found = [gateway for gateway in read if gateway is not None]
        for version in (4, 6):
            if sum(gateway.version == version for gateway in found) > 1:
                self._faults.add(f"there are two gateways of IPv{version}", f"{key}.gateway", "keep one of them")
        return found

    def _outer_addresses(
        self, link: Link, addresses: tuple[Interface, ...], gateways: list[Interface] | None, key: str, *, short: bool
    ) -> tuple[Interface, ...]:
        """Return the addresses of the other end: given ones, else the gateways, else the first other hosts."""
        if link.outer_address is False:
            return ()
        if not isinstance(link.outer_address, bool | None):
            outer = self._read_addresses(link.outer_address, f"{key}.outer_address")
            for gateway in gateways or ():
                if gateway.ip not in [address.ip for address in outer]:
                    self._faults.add(
                        f"no interface there has the gateway's address {gateway.ip}",
                        f"{key}.gateway",
                        f"write one of {', '.join(str(address.ip) for address in outer)}, or add it to outer_address",
                    )
            return outer
        outer_by_family = {gateway.version: gateway for gateway in gateways or ()}
        for address in addresses:
            if address.version in outer_by_family:
                continue
            other = first_other_host(address)
            if other is None:
                self._faults.add(
                    f"the subnet of {address} has no other address for a gateway",
                    key if short else f"{key}.address",
                    f"write {usual(address)}",
                )
            else:
                outer_by_family[address.version] = other
        return tuple(outer_by_family.values())

    def _route(self, name: str, link: Link, gateways: list[Interface] | None, others: tuple[Interface, ...]) -> None:
        """Add the default routes: to the gateways in the topology, else to the other side if that may forward."""
        if gateways is None:
            gateways = [*others] if link.gateway is True or self._may_forward(link.to) else []
        for gateway in gateways:
            version = gateway.version
            has_own = any(address.version == version for address in self._addresses[id(link)])
            known = any(route.namespace == name and route.gateway.version == version for route in self.default_routes)
            is_explicit = "default" in self._description.namespaces[name].routes
            if has_own and not known and not is_explicit:
                destination = read_destination("default", gateway.ip, "", self._faults)
                assert destination is not None
                self.default_routes.append(Route(name, destination, gateway.ip))

    def _may_forward(self, to: str) -> bool:
        # Even if global does not forward, the default route leads to global itself.
        place = self.targets.get(to, GLOBAL)
        return place == GLOBAL or self._description.namespaces[place].forwarding

    def _shaping(self, link: Link, key: str) -> Shaping | None:
        rate = read_quantity("rate", link.rate, f"{key}.rate", self._faults)
        delay = read_quantity("delay", link.delay, f"{key}.delay", self._faults)
        loss = read_quantity("loss", link.loss, f"{key}.loss", self._faults)
        if rate is None and delay is None and loss is None:
            return None
        return Shaping(None if rate is None else int(rate), delay, loss)
