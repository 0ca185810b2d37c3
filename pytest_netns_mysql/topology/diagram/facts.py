"""What a drawing says of a namespace: its interfaces and its rules, in the words of ip(8) and tc(8)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_interface

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.plan import Address, End, Plan, PlannedBridge, PortForward, Shaping

FORWARDS = "forwards"


@dataclass(frozen=True)
class Face:
    """Describe an interface: its name, its addresses with prefix lengths, and what else is set."""

    namespace: str
    interface: str
    addresses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Facts:
    """Say what there is to say of each namespace of a plan."""

    def __init__(self, plan: Plan) -> None:
        """Keep the plan."""
        self.plan = plan
        self._bridge_names = {(one.namespace, one.interface): one.name for one in plan.bridges}

    @cached_property
    def faces(self) -> list[Face]:
        """Return every interface: both ends of each veth pair, then the bridges."""
        ends = [self._end(end) for veth in self.plan.veths for end in (veth.inner, veth.outer)]
        return [*ends, *map(_bridge, self.plan.bridges)]

    @cached_property
    def faces_of(self) -> dict[str, list[Face]]:
        """Return the interfaces by namespace."""
        found: dict[str, list[Face]] = {}
        for face in self.faces:
            found.setdefault(face.namespace, []).append(face)
        return found

    @cached_property
    def gateways(self) -> dict[tuple[str, str], list[str]]:
        """Return the gateways of default routes, by namespace and the interface that leads there, if any does."""
        found: dict[tuple[str, str], list[str]] = {}
        for route in self.plan.routes:
            if route.is_default:
                own = self.faces_of.get(route.namespace, [])
                there = [face.interface for face in own if _holds(face, route.gateway)]
                found.setdefault((route.namespace, there[0] if there else ""), []).append(str(route.gateway))
        return found

    def default_routes(self, namespace: str, interface: str = "") -> list[str]:
        """Return the default routes that lead to an interface, or to none of them, as one line or none."""
        gateways = self.gateways.get((namespace, interface))
        return [f"default via {' and '.join(gateways)}"] if gateways else []

    def rules(self, namespace: str) -> list[str]:
        """Return what holds for a namespace beside its interfaces and the routes that lead to one, a line each."""
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
        return lines + [_published(one) for one in plan.port_forwards if one.namespace == namespace]

    def lines(self, namespace: str) -> list[str]:
        """Return all that is said of a namespace, a line each: interfaces, default routes, rules."""
        found = []
        for face in self.faces_of.get(namespace, []):
            found.append(", ".join((" ".join((face.interface, *face.addresses)), *face.remarks)))
            found += self.default_routes(namespace, face.interface)
        return found + self.rules(namespace)

    def has_nat(self, namespace: str) -> bool:
        """Tell whether a namespace changes the addresses of what it forwards."""
        changed = {one.namespace for one in self.plan.masquerades} | {one.namespace for one in self.plan.port_forwards}
        return namespace in changed

    def _end(self, end: End) -> Face:
        remarks: list[str] = []
        if end.bridge is not None:
            remarks.append(f"port of {self._bridge_names.get((end.namespace, end.bridge), end.bridge)}")
        if end.mac is not None:
            remarks.append(f"mac {end.mac}")
        if end.mtu is not None:
            remarks.append(f"mtu {end.mtu}")
        if end.shaping is not None:
            remarks += _shaping(end.shaping)
        return Face(end.namespace, end.interface, tuple(map(str, end.addresses)), tuple(remarks))


def host_names(plan: Plan) -> dict[str, list[str]]:
    """Return each host name with its addresses."""
    found: dict[str, list[str]] = {}
    for name, address in plan.hosts:
        found.setdefault(name, []).append(str(address))
    return found


def _bridge(bridge: PlannedBridge) -> Face:
    """Return a bridge as the interface that it is to its own namespace."""
    remarks = ["bridge" if bridge.name == bridge.interface else f"bridge {bridge.name}"]
    if bridge.mtu is not None:
        remarks.append(f"mtu {bridge.mtu}")
    return Face(bridge.namespace, bridge.interface, tuple(map(str, bridge.addresses)), tuple(remarks))


def _holds(face: Face, gateway: Address) -> bool:
    return any(gateway in ip_interface(address).network for address in face.addresses)


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
