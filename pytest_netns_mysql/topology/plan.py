"""What a topology means: every interface, address, route and rule that the kernel is asked for, typed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
)

from pytest_netns_mysql.endpoint import GLOBAL

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Subnet = IPv4Network | IPv6Network
LOOPBACK: tuple[Interface, ...] = (ip_interface("127.0.0.1/8"), ip_interface("::1/128"))


@dataclass(frozen=True)
class Shaping:
    """Slow what leaves an interface: ``rate`` in bits a second (tbf), ``delay`` in seconds and ``loss`` in per cent."""

    rate: int | None = None
    delay: float | None = None
    loss: float | None = None

    @property
    def needs_netem(self) -> bool:
        """Tell whether the kernel's sch_netem is needed, see tc-netem(8)."""
        return self.delay is not None or self.loss is not None


@dataclass(frozen=True)
class End:
    """Describe one end of a veth pair; ``bridge`` is the interface of the bridge that it is a port of."""

    namespace: str
    interface: str
    addresses: tuple[Interface, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    bridge: str | None = None
    shaping: Shaping | None = None


@dataclass(frozen=True)
class Veth:
    """Describe a veth pair: ``inner`` lies in the namespace that has the link; ``to`` is the other side, by name."""

    inner: End
    outer: End
    to: str


@dataclass(frozen=True)
class PlannedBridge:
    """Describe a bridge: ``name`` is the topology's, ``interface`` the kernel's."""

    name: str
    namespace: str
    interface: str
    addresses: tuple[Interface, ...] = ()
    mtu: int | None = None


@dataclass(frozen=True)
class Route:
    """Describe a route of one namespace; a destination of prefix length 0 is the default route."""

    namespace: str
    destination: Subnet
    gateway: Address

    @property
    def is_default(self) -> bool:
        """Tell whether it is the default route."""
        return self.destination.prefixlen == 0


@dataclass(frozen=True)
class Masquerade:
    """Give what ``namespace`` forwards out of ``interface`` that interface's address; None stands for each."""

    namespace: str
    interface: str | None


@dataclass(frozen=True)
class PortForward:
    """Send TCP connections for ``address`` and ``port`` of ``namespace`` on to another address and port."""

    namespace: str
    address: Address
    port: int
    to: Address
    to_port: int


@dataclass(frozen=True)
class Plan:
    """Hold what the kernel is asked for, in the order in which it is asked.

    Shape: ``namespaces`` are the names, without ``global``; ``external`` maps those that exist already to where;
    ``forwarding`` names those that forward; ``hosts`` pairs each host name with an address.
    """

    namespaces: tuple[str, ...]
    external: Mapping[str, str] = field(default_factory=dict)
    bridges: tuple[PlannedBridge, ...] = ()
    veths: tuple[Veth, ...] = ()
    routes: tuple[Route, ...] = ()
    forwarding: tuple[str, ...] = ()
    masquerades: tuple[Masquerade, ...] = ()
    port_forwards: tuple[PortForward, ...] = ()
    hosts: tuple[tuple[str, Address], ...] = ()
    bind_address: tuple[str, ...] = ()

    @property
    def ends(self) -> tuple[End, ...]:
        """Return both ends of every veth pair."""
        return tuple(end for veth in self.veths for end in (veth.inner, veth.outer))

    @cached_property
    def addresses(self) -> Mapping[str, tuple[Interface, ...]]:
        """Return the addresses of every namespace, the loopback's last; ``global`` comes first.

        A namespace's own links come before what others have in it. Those of an external namespace are not known.
        """
        found: dict[str, list[Interface]] = {name: [] for name in (GLOBAL, *self.namespaces)}
        for veth in self.veths:
            found[veth.inner.namespace] += veth.inner.addresses
        for bridge in self.bridges:
            found[bridge.namespace] += bridge.addresses
        for veth in self.veths:
            found[veth.outer.namespace] += veth.outer.addresses
        return {name: (*dict.fromkeys(own), *LOOPBACK) for name, own in found.items()}

    @property
    def has_nat(self) -> bool:
        """Tell whether a connection's origin may be another than its client's address."""
        return bool(self.masquerades or self.port_forwards)
