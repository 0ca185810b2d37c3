"""A topology as plain data: namespaces, links, addresses, and where the server listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from pytest_netns_mysql.endpoint import GLOBAL

Interface = IPv4Interface | IPv6Interface
LOOPBACK: tuple[Interface, ...] = (ip_interface("127.0.0.1/8"), ip_interface("::1/128"))


@dataclass(frozen=True)
class Link:
    """Join a namespace to ``global`` by a veth pair, see veth(4).

    Shape: ``interface`` with ``address`` lies in the namespace, ``outer_interface`` with ``gateway`` lies
    in ``global``; the namespace's default route goes to ``gateway``.
    """

    namespace: str
    address: Interface
    gateway: Interface
    interface: str
    outer_interface: str


@dataclass(frozen=True)
class Mysqld:
    """Say where the server listens; None means 127.0.0.1 and the first address of every namespace.

    See the manual, bind_address.
    """

    bind_address: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Topology:
    """Describe a network: which namespaces there are, how they are linked, where mysqld listens.

    Shape: ``source`` names the preset or the file it comes from, for messages.
    """

    name: str
    links: tuple[Link, ...]
    forwarding: bool = True
    mysqld: Mysqld = field(default_factory=Mysqld)
    source: str = "Python"

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Return the names, in the order they are written; ``global`` is not among them."""
        return tuple(dict.fromkeys(link.namespace for link in self.links))

    @property
    def addresses(self) -> dict[str, tuple[Interface, ...]]:
        """Return the addresses of every namespace, the loopback's last; ``global`` comes first."""
        found: dict[str, list[Interface]] = {GLOBAL: []}
        for link in self.links:
            found[GLOBAL].append(link.gateway)
            found.setdefault(link.namespace, []).append(link.address)
        return {name: (*own, *LOOPBACK) for name, own in found.items()}

    @property
    def bind_address(self) -> tuple[str, ...]:
        """Return the server's ``addr/ns`` values, the default ones where none are written."""
        if self.mysqld.bind_address is not None:
            return self.mysqld.bind_address
        first = {link.namespace: link.address.ip for link in reversed(self.links)}
        return ("127.0.0.1", *(f"{first[name]}/{name}" for name in self.namespaces))
