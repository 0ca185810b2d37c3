"""What breaks a network for a while: a link that is down, a partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.namespace import Namespace
from pytest_netns_mysql.kernel.rtnetlink import Batch
from pytest_netns_mysql.kernel.wiring import send_batch
from pytest_netns_mysql.topology.plan import Interface, Veth

Namespaces = Mapping[str, Namespace]
Unreachable = Mapping[str, Sequence[Interface]]


class VethLink:
    """Take a namespace's link down and up by its other end, see ip-link(8).

    The end in the namespace would take the namespace's default route along.
    """

    def __init__(self, namespaces: Namespaces, veth: Veth, where: str) -> None:
        """Keep which link it is, and what names its topology; the network makes these."""
        self._namespaces = namespaces
        self._veth = veth
        self._where = where

    def down(self) -> None:
        """Cut the link: connections hang or get "No route to host" until it is up again.

        Raises NetworkError where the link is there no more.
        """
        self._set(up=False)

    def up(self) -> None:
        """Heal the link; raise NetworkError where it is there no more."""
        self._set(up=True)

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
