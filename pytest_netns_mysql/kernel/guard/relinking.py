"""The interfaces of a network put back: those of a test deleted, those that it deleted made anew, the others set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_netns_mysql.kernel.forwarding import forward
from pytest_netns_mysql.kernel.guard.difference import Difference
from pytest_netns_mysql.kernel.netlink import putback, readback
from pytest_netns_mysql.kernel.netlink.readback import Link, State
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.plan import End

_Place = tuple[str, Link]  # a namespace, and what the interface was


class Links:
    """The interfaces that the namespaces of a network had."""

    def __init__(self, network: Network, states: Mapping[str, State]) -> None:
        """Keep what they were."""
        self._network = network
        self._states = states

    def put_back(self, differences: Mapping[str, Difference]) -> set[str]:
        """Put interfaces back; return the namespaces of those that were made anew, which lost all that they had."""
        for name, difference in differences.items():
            new = [now.index for was, now in difference.links if was is None and now is not None]
            with self._network[name]:
                putback.delete_links(new)
        # A veth pair goes with either end, and so one that was moved to another namespace is deleted there.
        made: set[str] = set()
        for name in self._states:
            for index, link in self._states[name].links.items():
                if index not in self._now(name).links:
                    made |= self._make(name, link)
        for name in {*differences, *made}:
            now = self._now(name)
            with self._network[name]:
                for index, link in self._states[name].links.items():
                    if index in now.links and link.settings != now.links[index].settings:
                        putback.set_link(link, now.links[index])
        return made

    def _now(self, name: str) -> State:
        with self._network[name]:
            return readback.read()

    def _make(self, name: str, link: Link) -> set[str]:
        """Make an interface anew, with the other end where it is one of a pair; return their namespaces."""
        places: list[_Place] = [(name, link), *self._peer(name, link)]
        if link.kind == "veth" and len(places) == 1:
            return set()
        if len(places) == 1:
            with self._network[name]:
                putback.make_link(link)
        else:
            (_, other) = places[1]
            with self._network[places[1][0]]:
                putback.delete_links([other.index])
            with self._network[name]:
                putback.make_link(link, other, namespace=self._network[places[1][0]].descriptor)
        for where, one in places:
            self._forward(where, one.name)
        return {where for where, _ in places}

    def _peer(self, name: str, link: Link) -> Iterator[_Place]:
        """Yield the other end of a veth pair: of one of the topology's, or of one whose ends lie in one namespace."""
        if link.kind != "veth":
            return
        for veth in self._network.topology.plan.veths:
            for mine, other in ((veth.inner, veth.outer), (veth.outer, veth.inner)):
                if (mine.namespace, mine.interface) == (name, link.name):
                    yield from self._place(other)
                    return
        if not link.is_peer_elsewhere and link.peer in self._states[name].links:
            yield name, self._states[name].links[link.peer]

    def _place(self, end: End) -> Iterator[_Place]:
        if end.namespace in self._states:
            links = self._states[end.namespace].links.values()
            yield from ((end.namespace, one) for one in links if one.name == end.interface)

    def _forward(self, name: str, interface: str) -> None:
        """Let a new interface forward where the topology says so and the namespace's own setting does not."""
        plan = self._network.topology.plan
        if name in plan.forwarding:
            with self._network[name]:
                for version in {one.version for one in plan.addresses[name] if not one.is_loopback}:
                    forward(version, [interface])
