"""A topology made real: namespaces, veth pairs, addresses, routes, forwarding."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetworkError, UnknownNamespaceError
from pytest_netns_mysql.kernel.forwarding import forward_by_link, forward_everything
from pytest_netns_mysql.kernel.namespace import Namespace, make_namespace
from pytest_netns_mysql.kernel.position import identity, network_identity
from pytest_netns_mysql.kernel.sandbox import Sandbox
from pytest_netns_mysql.topology.model import Link, Topology

_IFA_F_NODAD = 0x02


class VethLink:
    """Take a namespace's link down and up by its end in ``global``, see ip-link(8).

    The other end would take the namespace's default route along.
    """

    def __init__(self, network: Network, link: Link) -> None:
        """Keep which link it is; the network makes these."""
        self._network = network
        self._link = link

    def down(self) -> None:
        """Cut the link: connections hang or get "No route to host" until it is up again."""
        self._set("down")

    def up(self) -> None:
        """Heal the link."""
        self._set("up")

    def _set(self, state: str) -> None:
        from pyroute2 import IPRoute

        with self._network[GLOBAL], IPRoute() as route:
            route.link("set", index=_index(route, self._link.outer_interface), state=state)


class Network(Mapping[str, Namespace]):
    """Give the namespaces of the sandbox by name, ``global`` among them.

    An unknown name raises UnknownNamespaceError, a LookupError that lists the known ones.
    """

    def __init__(self, sandbox: Sandbox, topology: Topology) -> None:
        """Build the topology in the sandbox; raise NetworkError where the kernel refuses a part of it."""
        self.sandbox = sandbox
        self.topology = topology
        addresses = topology.addresses
        self._namespaces = {GLOBAL: Namespace(sandbox, GLOBAL, sandbox.inner.network, addresses[GLOBAL])}
        with sandbox.entered():
            for name in topology.namespaces:
                try:
                    descriptor = make_namespace(sandbox, name)
                except OSError as error:
                    raise _refused(topology, f"namespace {name}", error) from error
                self._namespaces[name] = Namespace(sandbox, name, descriptor, addresses[name])
        self._build_links()

    def __getitem__(self, name: str) -> Namespace:
        try:
            return self._namespaces[name]
        except KeyError:
            raise unknown_namespace(name, self.topology) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._namespaces)

    def __len__(self) -> int:
        return len(self._namespaces)

    @property
    def here(self) -> Namespace | None:
        """Return the namespace that the calling thread stands in, or None outside of them all."""
        here = network_identity()
        return next((one for one in self._namespaces.values() if identity(one.descriptor) == here), None)

    def link(self, name: str) -> VethLink:
        """Return the link between the namespace ``name`` and ``global``."""
        for link in self.topology.links:
            if link.namespace == name:
                return VethLink(self, link)
        raise unknown_namespace(name, self.topology)

    def close(self) -> None:
        """Let go of the namespaces; the kernel removes them with the sandbox."""
        for name in self.topology.namespaces:
            os.close(self[name].descriptor)

    def _build_links(self) -> None:
        from pyroute2 import IPRoute
        from pyroute2.netlink.exceptions import NetlinkError

        with self[GLOBAL], IPRoute() as route:
            for link in self.topology.links:
                try:
                    self._build_link(route, link)
                except (NetlinkError, OSError) as error:
                    raise _refused(self.topology, f"the link of {link.namespace}", error) from error
            if self.topology.forwarding:
                self._forward(route)

    def _build_link(self, route: Any, link: Link) -> None:
        from pyroute2 import IPRoute

        namespace = self[link.namespace]
        route.link(
            "add",
            ifname=link.outer_interface,
            kind="veth",
            peer={"ifname": link.interface, "net_ns_fd": namespace.descriptor},
        )
        _address(route, link.outer_interface, link.gateway)
        with namespace, IPRoute() as inner:
            _address(inner, link.interface, link.address)
            # proto boot is what iproute2 writes, and leaves out of what it prints.
            inner.route("add", dst="default", gateway=str(link.gateway.ip), family=_family(link), proto="boot")

    def _forward(self, route: Any) -> None:
        for version in sorted({link.address.version for link in self.topology.links}):
            if not forward_everything(version) and version == 4:
                forward_by_link(_index(route, link.outer_interface) for link in self.topology.links)


def unknown_namespace(name: str, topology: Topology, where: str | None = None) -> UnknownNamespaceError:
    """Return the error that lists the known names, for the caller to raise."""
    known = [*topology.namespaces, GLOBAL]
    near = difflib.get_close_matches(name, known, n=1)
    return UnknownNamespaceError(
        f"there is no namespace {name!r}",
        where=where,
        tried=[f"topology {topology.name} ({topology.source}) has {', '.join(known)}"],
        remedies=[f"write {near[0]!r}" if near else "use one of these, or add the namespace to the topology"],
    )


def _family(link: Link) -> int:
    import socket

    return socket.AF_INET if link.address.version == 4 else socket.AF_INET6


def _index(route: Any, interface: str) -> int:
    return int(route.link_lookup(ifname=interface)[0])


def _address(route: Any, interface: str, address: Any) -> None:
    index = _index(route, interface)
    # Without NODAD an IPv6 address is tentative for a second or two, and mysqld cannot bind it.
    extra = {"flags": _IFA_F_NODAD} if address.version == 6 else {}
    route.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen, **extra)
    route.link("set", index=index, state="up")


def _refused(topology: Topology, what: str, error: Exception) -> NetworkError:
    return NetworkError(
        f"the kernel refused {what}",
        where=f"topology {topology.name} ({topology.source})",
        tried=[str(error)],
        remedies=["run `netns-mysql doctor`: it probes namespaces, veth and routes one by one"],
    )
