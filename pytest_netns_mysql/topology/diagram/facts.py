"""What drawings say about a namespace: its interfaces and rules, in the words of ip(8) and tc(8)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_interface

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.plan import Address, End, Masquerade, Plan, PlannedBridge, PortForward, Shaping

FORWARDS = "forwards"


@dataclass(frozen=True)
class InterfaceFacts:
    """What drawings say about one interface.

    Attributes:
        namespace: Where the interface lies.
        name: The name of the interface.
        addresses: The addresses with their prefix lengths.
        remarks: The bridge, MAC address, MTU and shaping, as far as they are set.
    """

    namespace: str
    name: str
    addresses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Facts:
    """What drawings say about each namespace of a plan."""

    def __init__(self, plan: Plan) -> None:
        """Take the facts from a plan."""
        self.plan = plan
        self._bridge_names = {(bridge.namespace, bridge.interface): bridge.name for bridge in plan.bridges}

    @cached_property
    def interfaces(self) -> list[InterfaceFacts]:
        """Every interface: both ends of each veth pair, then the bridges."""
        ends = [self._end(end) for veth in self.plan.veths for end in (veth.inner, veth.outer)]
        return [*ends, *map(_bridge, self.plan.bridges)]

    @cached_property
    def interfaces_of(self) -> dict[str, list[InterfaceFacts]]:
        """The interfaces by namespace."""
        found: dict[str, list[InterfaceFacts]] = {}
        for interface in self.interfaces:
            found.setdefault(interface.namespace, []).append(interface)
        return found

    @cached_property
    def gateways(self) -> dict[tuple[str, str], list[str]]:
        """The gateways of default routes, by namespace and interface; the interface is empty if none leads there."""
        found: dict[tuple[str, str], list[str]] = {}
        for route in self.plan.routes:
            if route.is_default:
                own = self.interfaces_of.get(route.namespace, [])
                there = [interface.name for interface in own if _holds(interface, route.gateway)]
                found.setdefault((route.namespace, there[0] if there else ""), []).append(str(route.gateway))
        return found

    def default_routes(self, namespace: str, interface: str = "") -> list[str]:
        """Return a line with the default routes over an interface, in a list that is empty if there are none."""
        gateways = self.gateways.get((namespace, interface))
        return [f"default via {' and '.join(gateways)}"] if gateways else []

    def rules(self, namespace: str) -> list[str]:
        """Return a line for each fact that belongs to no interface: forwarding, other routes, NAT."""
        plan = self.plan
        lines = [f"exists already: {plan.external[namespace]}"] if namespace in plan.external else []
        lines += [FORWARDS] if namespace in plan.forwarding and namespace != GLOBAL else []
        lines += self.default_routes(namespace)
        for route in plan.routes:
            if route.namespace == namespace and not route.is_default:
                lines.append(f"{route.destination} via {route.gateway}")
        for masquerade in plan.masquerades:
            if masquerade.namespace == namespace:
                lines.append(f"masquerades what leaves by {masquerade.interface or 'any interface'}")
        return lines + [_published(forward) for forward in plan.port_forwards if forward.namespace == namespace]

    def lines(self, namespace: str) -> list[str]:
        """Return a line for each interface, default route and rule of a namespace."""
        found = []
        for interface in self.interfaces_of.get(namespace, []):
            found.append(", ".join((" ".join((interface.name, *interface.addresses)), *interface.remarks)))
            found += self.default_routes(namespace, interface.name)
        return found + self.rules(namespace)

    def has_nat(self, namespace: str) -> bool:
        """Return True if a namespace changes the addresses of what it forwards."""
        rules: list[Masquerade | PortForward] = [*self.plan.masquerades, *self.plan.port_forwards]
        return any(rule.namespace == namespace for rule in rules)

    def _end(self, end: End) -> InterfaceFacts:
        remarks: list[str] = []
        if end.bridge is not None:
            remarks.append(f"port of {self._bridge_names.get((end.namespace, end.bridge), end.bridge)}")
        if end.mac is not None:
            remarks.append(f"mac {end.mac}")
        if end.mtu is not None:
            remarks.append(f"mtu {end.mtu}")
        if end.shaping is not None:
            remarks += _shaping(end.shaping)
        return InterfaceFacts(end.namespace, end.interface, tuple(map(str, end.addresses)), tuple(remarks))


def host_names(plan: Plan) -> dict[str, list[str]]:
    """Return the addresses of each host name."""
    found: dict[str, list[str]] = {}
    for name, address in plan.hosts:
        found.setdefault(name, []).append(str(address))
    return found


def _bridge(bridge: PlannedBridge) -> InterfaceFacts:
    """Return the facts of a bridge as an interface of its namespace."""
    remarks = ["bridge" if bridge.name == bridge.interface else f"bridge {bridge.name}"]
    if bridge.mtu is not None:
        remarks.append(f"mtu {bridge.mtu}")
    return InterfaceFacts(bridge.namespace, bridge.interface, tuple(map(str, bridge.addresses)), tuple(remarks))


def _holds(interface: InterfaceFacts, gateway: Address) -> bool:
    return any(gateway in ip_interface(address).network for address in interface.addresses)


def _shaping(shaping: Shaping) -> list[str]:
    found = []
    if shaping.rate is not None:
        found.append(f"rate {_rate(shaping.rate)}")
    if shaping.delay is not None:
        found.append(f"delay {_delay(shaping.delay)}")
    if shaping.loss is not None:
        found.append(f"loss {shaping.loss:g}%")
    return found


def _rate(bits: int) -> str:
    for unit, size in (("gbit", 10**9), ("mbit", 10**6), ("kbit", 10**3)):
        if bits >= size:
            return f"{bits / size:g}{unit}"
    return f"{bits}bit"


def _delay(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds * 1e6:g}us"


def _published(forward: PortForward) -> str:
    here, there = _place(forward.address, forward.port), _place(forward.to, forward.to_port)
    return f"publishes {here} to {there}"


def _place(address: Address, port: int) -> str:
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
