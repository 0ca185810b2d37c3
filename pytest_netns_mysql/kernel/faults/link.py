"""The link of a namespace, and its faults: down, slow, lossy, without addresses; see ip-link(8)."""

from __future__ import annotations

from pytest_netns_mysql.kernel.faults.fault import NetworkFault, NetworkFaults, deleted
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch
from pytest_netns_mysql.kernel.wiring import send_batch
from pytest_netns_mysql.topology.plan import Veth


class VethLink:
    """The link of a namespace, which can fail in several ways.

    A fault is in force from the call on. It is healed at the end of a ``with`` block, as in
    ``with netns.link("red").down():``, by ``heal()`` of the object that the call returns, or at the end of the test.
    """

    def __init__(self, faults: NetworkFaults, veth: Veth) -> None:
        """Describe a link; only a Network creates these objects.

        Args:
            faults: What the faults of the network share.
            veth: The link.
        """
        self._faults = faults
        self._veth = veth
        self._name = f"the link of {veth.inner.namespace} to {veth.to}"

    def down(self) -> NetworkFault:
        """Take the link down: until it is up again, connections hang or fail with "No route to host".

        The link is taken down by its other end, because the namespace would lose its default route with its own end.
        If the link is down already, it stays down until both faults are healed.

        Raises:
            NetworkError: The link has been deleted.
        """
        __tracebackhide__ = True
        lost = self._take_down()
        return self._faults.begin(
            f"{self._name} is down",
            *self._namespaces,
            undo=lambda: self._heal_one_down(lost),
            subject=("down", self._veth, lost),
            kind="link",
        )

    def up(self) -> None:
        """Take the link up, and restore the IPv6 addresses and the routes that it had before ``down``.

        All faults of ``down`` are healed.

        Raises:
            NetworkError: The link has been deleted.
        """
        __tracebackhide__ = True
        self._take_up(self._lost)
        for fault in self._downs():
            fault.heal()
        self._faults.forget_unresolved_neighbours()

    def shape(
        self,
        *,
        rate: str | None = None,
        delay: str | None = None,
        loss: str | None = None,
        direction: str = "both",
    ) -> NetworkFault:
        """Slow the link, or have it lose packets.

        A rate is limited by tc-tbf(8), a delay is made by tc-netem(8), which not every kernel has, and packets are lost
        by a rule of nftables, see nft(8). What the topology says about the rate and delay of the link does not count
        until the fault is healed.

        Args:
            rate: The rate as in tc(8), such as ``"1mbit"``.
            delay: The delay of each packet, such as ``"50ms"``. With both directions an answer comes after twice the
                delay.
            loss: The part of the packets that is lost, such as ``"10%"``.
            direction: ``"in"`` for what the namespace receives, ``"out"`` for what it sends, or ``"both"``.

        Raises:
            SettingError: An argument has a value that is not allowed, or rate, delay and loss are all missing.
            NetworkError: The link is shaped already or has been deleted, or the kernel lacks what is needed.
        """
        __tracebackhide__ = True
        from pytest_netns_mysql.kernel.faults.shapedlink import shape

        return shape(self._faults, self._veth, rate=rate, delay=delay, loss=loss, direction=direction)

    def without_address(self, address: str | None = None) -> NetworkFault:
        """Remove an address of the namespace from the link, with the routes that need the address.

        Listening sockets stay bound, but nobody reaches them: connections from other namespaces fail after some seconds
        with "No route to host". When the fault is healed, the address and the routes are there again.

        Args:
            address: The address without a prefix length, such as ``"192.0.2.2"``; None for all of the link.

        Raises:
            NetworkError: The link has no such address, or has been deleted.
        """
        __tracebackhide__ = True
        from pytest_netns_mysql.kernel.faults.addresses import remove_addresses

        return remove_addresses(self._faults, self._veth, address)

    @property
    def _namespaces(self) -> tuple[str, str]:
        return self._veth.inner.namespace, self._veth.outer.namespace

    def _downs(self) -> list[NetworkFault]:
        return self._faults.in_force("down", self._veth)

    @property
    def _lost(self) -> tuple[Entry, ...]:
        """What the kernel removed when the first of the faults in force took the link down."""
        return next((fault._subject[2] for fault in self._downs()), ())

    def _take_down(self) -> tuple[Entry, ...]:
        """Take the link down; return the routes and addresses that the kernel removed.

        Each fault keeps them for itself: a fault of a fixture is in force again after a test that called ``up()``.
        """
        if self._downs():
            self._set_state(up=False)
            return self._lost
        from pytest_netns_mysql.kernel.faults.restoring import lost_entries
        from pytest_netns_mysql.kernel.netlink.state import read

        outer = self._faults.namespaces[self._veth.outer.namespace]
        with outer:
            before = read()
        self._set_state(up=False)
        with outer:
            return tuple(lost_entries(before, read()))

    def _heal_one_down(self, lost: tuple[Entry, ...]) -> None:
        if len(self._downs()) == 1:
            self._take_up(lost)

    def _take_up(self, lost: tuple[Entry, ...]) -> None:
        __tracebackhide__ = True
        self._set_state(up=True)
        if lost:
            from pytest_netns_mysql.kernel.faults.restoring import restore_entries

            restore_entries(self._faults, self._veth.outer.namespace, lost)

    def _set_state(self, *, up: bool) -> None:
        outer = self._veth.outer
        batch = Batch()
        with self._faults.namespaces[outer.namespace]:
            try:
                batch.set_state(outer.interface, up=up)
            except OSError as error:
                raise deleted(self._veth, outer, self._faults.where)._with_tried(str(error)) from error
            send_batch(batch, outer.namespace, self._faults.where)
