"""What a topology means: every interface, address, route and rule that is set up in the kernel."""

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
    """What slows down packets that leave an interface; see tc(8).

    Attributes:
        rate: In bits a second.
        delay: In seconds.
        loss: In per cent.
    """

    rate: int | None = None
    delay: float | None = None
    loss: float | None = None

    @property
    def needs_netem(self) -> bool:
        """True if the kernel's sch_netem is needed; see tc-netem(8)."""
        return self.delay is not None or self.loss is not None


@dataclass(frozen=True)
class End:
    """One end of a veth pair.

    Attributes:
        namespace: Where the end lies.
        interface: The name of the end.
        addresses: The addresses with their prefix lengths.
        mac: The MAC address; None for a random one.
        mtu: In bytes; None for the default of the kernel.
        bridge: The interface of the bridge that the end is a port of; None for none.
        shaping: What slows down packets that leave the end; None for nothing.
    """

    namespace: str
    interface: str
    addresses: tuple[Interface, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    bridge: str | None = None
    shaping: Shaping | None = None


@dataclass(frozen=True)
class Veth:
    """A veth pair.

    Attributes:
        inner: The end in the namespace that has the link.
        outer: The other end.
        to: The name of the other side: a namespace or a bridge.
    """

    inner: End
    outer: End
    to: str


@dataclass(frozen=True)
class PlannedBridge:
    """A bridge.

    Attributes:
        name: The name in the topology.
        namespace: Where the bridge lies.
        interface: The name in the kernel.
        addresses: The addresses with their prefix lengths.
        mtu: In bytes; None for the default of the kernel.
    """

    name: str
    namespace: str
    interface: str
    addresses: tuple[Interface, ...] = ()
    mtu: int | None = None


@dataclass(frozen=True)
class Route:
    """A route of one namespace. The destination of a default route has the prefix length 0."""

    namespace: str
    destination: Subnet
    gateway: Address

    @property
    def is_default(self) -> bool:
        """True for a default route."""
        return self.destination.prefixlen == 0


@dataclass(frozen=True)
class Masquerade:
    """A rule that gives packets which a namespace forwards the address of the interface that they leave by.

    Attributes:
        namespace: The namespace that forwards.
        interface: The interface; None for each.
    """

    namespace: str
    interface: str | None


@dataclass(frozen=True)
class PortForward:
    """A rule that sends TCP connections on to another address and port.

    The namespace's own connections are sent on, and those that it forwards. A published loopback address is for its
    own ones alone.

    Attributes:
        namespace: The namespace that has the published address.
        address: The published address.
        port: The published port.
        to: The address behind it.
        to_port: The port behind it.
    """

    namespace: str
    address: Address
    port: int
    to: Address
    to_port: int


@dataclass(frozen=True)
class Plan:
    """Everything that is set up in the kernel, in this order.

    Attributes:
        namespaces: The names of the namespaces, without ``global``.
        external: Where each namespace is that exists already: a name in /run/netns, a path or a pid.
        bridges: The bridges.
        veths: The veth pairs.
        routes: The routes.
        forwarding: The names of the namespaces that forward.
        masquerades: The rules for the addresses of what is forwarded.
        port_forwards: The rules for published ports.
        hosts: Host names, each with an address.
        bind_address: Where mysqld listens, as ``addr/ns``.
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
        """Both ends of every veth pair."""
        return tuple(end for veth in self.veths for end in (veth.inner, veth.outer))

    @cached_property
    def addresses(self) -> Mapping[str, tuple[Interface, ...]]:
        """The addresses of every namespace, the loopback's last; ``global`` comes first.

        The addresses of a namespace's own links come before those that links of others have in it. Of an external
        namespace only the loopback is known.
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
        """True if the origin of a connection may differ from its client's address."""
        return bool(self.masquerades or self.port_forwards)
