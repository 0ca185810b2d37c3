"""The interfaces of a network, put back: new ones are deleted, deleted ones are made again, changed ones are set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from pytest_netns_mysql.kernel.forwarding import forward
from pytest_netns_mysql.kernel.guard.difference import NamespaceDifference
from pytest_netns_mysql.kernel.netlink import restore
from pytest_netns_mysql.kernel.netlink.state import Link, State, read
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.plan import End

_LinkInNamespace = tuple[str, Link]


class Links:
    """The interfaces that the namespaces of a network had."""

    def __init__(self, network: Network, states: Mapping[str, State]) -> None:
        """Take the network, and the former state of each of its namespaces."""
        self._network = network
        self._states = states

    def put_back(self, differences: Mapping[str, NamespaceDifference]) -> set[str]:
        """Put the interfaces back.

        Returns:
            The namespaces of interfaces that were made again, and have lost their addresses and routes.
        """
        for name, difference in differences.items():
            # The index may belong to an interface of another kind now: ip-link(8) lets the user choose an index.
            unwanted = [
                now.index for was, now in difference.links if now is not None and (was is None or was.kind != now.kind)
            ]
            with self._network[name]:
                restore.delete_links(unwanted)
        # A veth pair is deleted with either end, also with an end that was moved to another namespace.
        made: set[str] = set()
        for name, state in self._states.items():
            for index, link in state.links.items():
                if index not in self._now(name).links:
                    made |= self._make(name, link)
        for name in {*differences, *made}:
            now = self._now(name)
            with self._network[name]:
                for index, link in self._states[name].links.items():
                    if index in now.links and link.settings != now.links[index].settings:
                        restore.set_link(link, now.links[index])
        return made

    def _now(self, name: str) -> State:
        with self._network[name]:
            return read()

    def _make(self, name: str, link: Link) -> set[str]:
        """Make an interface again, with the other end of a veth pair; return the namespaces of what was made."""
        ends: list[_LinkInNamespace] = [(name, link), *self._peer(name, link)]
        if len(ends) > 1:
            (_, (other_name, other)) = ends
            with self._network[other_name]:
                restore.delete_links([other.index])
            with self._network[name]:
                restore.make_link(link, other, namespace=self._network[other_name]._descriptor)
        elif link.kind == "veth":
            return set()
        else:
            with self._network[name]:
                restore.make_link(link)
        for namespace, end in ends:
            self._forward(namespace, end.name)
        return {namespace for namespace, _ in ends}

    def _peer(self, name: str, link: Link) -> Iterator[_LinkInNamespace]:
        """Yield the other end of a veth pair that belongs to the topology, or has both ends in one namespace."""
        if link.kind != "veth":
            return
        for veth in self._network.topology.plan.veths:
            for end, other in ((veth.inner, veth.outer), (veth.outer, veth.inner)):
                if (end.namespace, end.interface) == (name, link.name):
                    yield from self._link(other)
                    return
        if not link.is_peer_elsewhere and link.peer in self._states[name].links:
            yield name, self._states[name].links[link.peer]

    def _link(self, end: End) -> Iterator[_LinkInNamespace]:
        if end.namespace in self._states:
            links = self._states[end.namespace].links.values()
            yield from ((end.namespace, link) for link in links if link.name == end.interface)

    def _forward(self, name: str, interface: str) -> None:
        """Let a new interface forward if the topology says so and the setting for all interfaces does not."""
        plan = self._network.topology.plan
        if name in plan.forwarding:
            with self._network[name], contextlib.suppress(OSError):  # the interface may be gone again, or refused
                for version in {address.version for address in plan.addresses[name] if not address.is_loopback}:
                    forward(version, [interface])
