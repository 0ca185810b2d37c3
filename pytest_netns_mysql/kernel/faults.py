"""What breaks a network for a while: a link that is down, a partition."""

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
Lost = dict[Veth, "tuple[Entry, ...]"]
Unreachable = Mapping[str, Sequence[Interface]]


class VethLink:
    """Take a namespace's link down and up by its other end, see ip-link(8).

    The end in the namespace would take the namespace's default route along.
    """

    def __init__(self, namespaces: Namespaces, veth: Veth, where: str, lost: Lost) -> None:
        """Keep which link it is, and what names its topology; the network makes these.

        ``lost`` has what the kernel took away with each link that is down.
        """
        self._namespaces = namespaces
        self._veth = veth
        self._where = where
        self._lost = lost

    def down(self) -> None:
        """Cut the link: connections hang or get "No route to host" until it is up again.

        Raises NetworkError where the link is there no more.
        """
        from pytest_netns_mysql.kernel.netlink.state import entries_of, read

        with self._namespaces[self._veth.outer.namespace]:
            state = read()
        index = state.index(self._veth.outer.interface)
        if index is not None and self._veth not in self._lost:
            self._lost[self._veth] = tuple(entries_of(state, index))
        self._set(up=False)

    def up(self) -> None:
        """Heal the link, with the IPv6 addresses and the routes that it had before ``down``.

        Raises NetworkError where the link is there no more.
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
                    f"the link of {self._veth.inner.namespace} is there no more: {outer.namespace} has no interface "
                    f"{outer.interface}",
                    where=self._where,
                    tried=[str(error)],
                    remedies=["take links down by this one and by no other program: what is deleted stays deleted"],
                ) from error
            send_batch(batch, outer.namespace, self._where)


def routes_between(namespaces: Namespaces, names: Sequence[str], where: str) -> Unreachable:
    """Return the addresses that each namespace is to lose, so that ``names`` and the others are two sides.

    Raises UnknownNamespaceError, NetworkError.
    """
    side = {name: namespaces[name] for name in names}
    others = {name: one for name, one in namespaces.items() if name not in side}
    if not side or not others:
        raise NetworkError(
            f"a partition has two sides, and {', '.join(names) or 'no namespace'} leaves one",
            where=where,
            remedies=['name the namespaces of one side: netns.partition("blue")'],
        )
    there = {name: _addresses(others) for name in side}
    return {**there, **{name: _addresses(side) for name in others}}


def _addresses(namespaces: Namespaces) -> list[Interface]:
    return [address for one in namespaces.values() for address in one.addresses if not address.is_loopback]


def set_reachable(namespaces: Namespaces, routes: Unreachable, *, reachable: bool, where: str) -> None:
    """Make each namespace lose its addresses, or get them back; raise NetworkError where the kernel refuses it."""
    for name, addresses in routes.items():
        own = namespaces[name].addresses
        batch = Batch()
        for address in addresses:
            if address.ip not in [one.ip for one in own]:  # the same address may stand on both sides
                batch.set_reachable(address, reachable=reachable)
        with namespaces[name]:
            send_batch(batch, name, where)
