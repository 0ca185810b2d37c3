"""Faults that a test can cause in a network: a link that is down, a partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch
from pytest_netns_mysql.kernel.wiring import send_batch
from pytest_netns_mysql.topology.plan import Interface, Veth

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.netlink.entries import Entry

Namespaces = Mapping[str, Namespace]
LostEntries = dict[Veth, "tuple[Entry, ...]"]
"""The routes and addresses that the kernel removed with each link that is down."""

Unreachable = Mapping[str, Sequence[Interface]]
"""For each namespace the addresses that it must not reach."""


class VethLink:
    """The link of a namespace, which can be taken down and up, see ip-link(8).

    The link is taken down by its other end, because the namespace would lose its default route with its own end.
    """

    def __init__(self, namespaces: Namespaces, veth: Veth, where: str, lost: LostEntries) -> None:
        """Describe a link; only a Network creates these objects.

        Args:
            namespaces: The namespaces of the network.
            veth: The link.
            where: The topology, for error messages.
            lost: What the kernel removed with each link that is down.
        """
        self._namespaces = namespaces
        self._veth = veth
        self._where = where
        self._lost = lost

    def down(self) -> None:
        """Take the link down: until it is up again, connections hang or fail with "No route to host".

        Raises:
            NetworkError: The link has been deleted.
        """
        from pytest_netns_mysql.kernel.netlink.state import entries_of, read

        with self._namespaces[self._veth.outer.namespace]:
            state = read()
        index = state.index(self._veth.outer.interface)
        if index is not None and self._veth not in self._lost:
            self._lost[self._veth] = tuple(entries_of(state, index))
        self._set(up=False)

    def up(self) -> None:
        """Take the link up, and restore the IPv6 addresses and the routes that it had before ``down``.

        Raises:
            NetworkError: The link has been deleted.
        """
        self._set(up=True)
        lost = self._lost.pop(self._veth, ())
        if lost:
            from pytest_netns_mysql.kernel.netlink.restore import make_entries

            with self._namespaces[self._veth.outer.namespace]:
                make_entries(lost)

    def _set(self, *, up: bool) -> None:
        outer = self._veth.outer
        batch = Batch()
        with self._namespaces[outer.namespace]:
            try:
                batch.set_state(outer.interface, up=up)
            except OSError as error:
                raise NetworkError(
                    f"the link of {self._veth.inner.namespace} has been deleted: {outer.namespace} has no interface "
                    f"{outer.interface}",
                    where=self._where,
                    tried=[str(error)],
                    remedies=["take links down with down(), and do not delete their interfaces"],
                ) from error
            send_batch(batch, outer.namespace, self._where)


def addresses_across(namespaces: Namespaces, names: Sequence[str], where: str) -> Unreachable:
    """Return for each namespace the addresses of the other side of a partition.

    Args:
        namespaces: All namespaces of the network.
        names: The namespaces of one side. The others are the other side.
        where: The topology, for error messages.

    Raises:
        UnknownNamespaceError: One of ``names`` is unknown.
        NetworkError: One side is empty.
    """
    side = {name: namespaces[name] for name in names}
    others = {name: namespace for name, namespace in namespaces.items() if name not in side}
    if not side or not others:
        raise NetworkError(
            f"a partition of {', '.join(names)} leaves no namespace on the other side"
            if names
            else "a partition needs the namespaces of one side, got no name",
            where=where,
            remedies=['name the namespaces of one side: netns.partition("blue")'],
        )
    return {name: _addresses(others) for name in side} | {name: _addresses(side) for name in others}


def _addresses(namespaces: Namespaces) -> list[Interface]:
    return [address for namespace in namespaces.values() for address in namespace.addresses if not address.is_loopback]


def set_reachable(namespaces: Namespaces, addresses: Unreachable, *, reachable: bool, where: str) -> None:
    """Make addresses of other namespaces unreachable or reachable again.

    Args:
        namespaces: All namespaces of the network.
        addresses: The addresses of the other side, for each namespace.
        reachable: Whether the namespaces reach the addresses afterwards.
        where: The topology, for error messages.

    Raises:
        NetworkError: The kernel refuses a route.
    """
    for name, others in addresses.items():
        own = [interface.ip for interface in namespaces[name].addresses]
        batch = Batch()
        for address in others:
            if address.ip not in own:  # both sides may have the same address
                batch.set_reachable(address, reachable=reachable)
        with namespaces[name]:
            send_batch(batch, name, where)
