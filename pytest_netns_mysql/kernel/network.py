"""The network of a topology: its namespaces by name, its links, its faults, the packets in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import ref

from pytest_netns_mysql.errors import NetworkError, in_short
from pytest_netns_mysql.kernel.builtnamespaces import BuiltNamespaces
from pytest_netns_mysql.kernel.faultlog import FaultLog
from pytest_netns_mysql.kernel.namespaces.asyncblock import deciding_block
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.namespaces.position import identity, network_identity
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.topology.topology import Topology

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.capture.packets import Packets
    from pytest_netns_mysql.kernel.capture.taps import Taps
    from pytest_netns_mysql.kernel.faults.fault import NetworkFault, NetworkFaults
    from pytest_netns_mysql.kernel.faults.link import VethLink


class Network(BuiltNamespaces):
    """The namespaces of a topology by name, ``global`` among them.

    An unknown name raises UnknownNamespaceError, a KeyError that lists the known names. A sandbox may have several
    networks, each with a ``global`` of its own. ``/run/netns`` and ``/etc/hosts`` show the names of the active network.

    Attributes:
        topology: The topology from which the network was built.
        fault_log: The faults that tests caused.
    """

    def __init__(self, sandbox: Sandbox, topology: Topology, *, is_built: bool = False) -> None:
        """Build a topology in a sandbox and activate the network.

        Args:
            sandbox: The sandbox.
            topology: The topology.
            is_built: Whether another process has built the network already, as the sandbox's first one.

        Raises:
            NetworkError: The kernel refuses a part of the topology.
        """
        self.fault_log: FaultLog = FaultLog()
        self._opened_taps: Taps | None = None
        self._captures: list[ref[Packets]] = []
        super().__init__(sandbox, topology, is_built=is_built)

    @property
    def here(self) -> Namespace | None:
        """The namespace of the running task's ``async with`` block, or else of the calling thread.

        None outside of this network.
        """
        block = deciding_block()
        current = network_identity() if block is None else block.place.saved().network_id
        return next((found for found in self._namespaces.values() if identity(found._descriptor) == current), None)

    def link(self, name: str, to: str | None = None) -> VethLink:
        """Return a link of a namespace.

        Args:
            name: The namespace's name.
            to: The namespace or bridge at the other side, by default that of the namespace's first link.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            NetworkError: The namespace has no such link.
        """
        from pytest_netns_mysql.kernel.faults.link import VethLink

        _ = self[name]
        own = [veth for veth in self.topology.plan.veths if veth.inner.namespace == name]
        for veth in own:
            if to is None or (isinstance(to, str) and veth.to == to):
                return VethLink(self._faults, veth)
        raise NetworkError(
            f"namespace {name} has no link"
            + (f" to {to if isinstance(to, str) else in_short(to)}" if to is not None else " of its own"),
            where=self._where,
            tried=[f"its links lead to {', '.join(veth.to for veth in own) or 'nothing'}"],
            remedies=["name the namespace at the other side: a link belongs to the side whose topology entry has it"],
        )

    def partition(
        self,
        *names: str,
        others: Sequence[str] | None = None,
        direction: str = "both",
        port: int | Sequence[int] | None = None,
        action: str = "reject",
    ) -> NetworkFault:
        """Cut namespaces off from others, ``global`` included, until the block ends: ``with netns.partition("red"):``.

        Links stay up, and namespaces of the same side still reach each other. By default nothing passes, and new
        connections to the other side fail at once with "No route to host". A connection needs both directions: if
        packets are stopped one way, connections from either side fail, but packets of the other way arrive.

        ``"drop"`` loses packets in silence, so that connections hang. ``"reject"`` with a port answers with a TCP
        reset: connections fail with "Connection refused", open ones break with their next packet. Without a port, open
        connections hang, and continue when the partition is healed.

        A network can have several partitions at once, but only one that rejects everything between two namespaces.

        Args:
            names: The namespaces of one side.
            others: The namespaces of the other side, by default all others.
            direction: ``"in"`` stops what ``names`` receive, ``"out"`` what they send, ``"both"`` either.
            port: A port of TCP, or several: only packets to these ports are stopped. It is the port on which the server
                listens.
            action: ``"reject"`` or ``"drop"``.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            SettingError: An argument has a value that is not allowed.
            NetworkError: One side is empty, such a partition is in force already, or the kernel refuses it.
        """
        __tracebackhide__ = True
        from pytest_netns_mysql.kernel.faults.partition import partition

        return partition(self._faults, names, others=others, direction=direction, port=port, action=action)

    def without_names(self, *names: str) -> NetworkFault:
        """Remove host names of the topology from /etc/hosts, until the block ends: ``with netns.without_names():``.

        The names do not resolve in any namespace of the sandbox, for clients and servers alike. A server remembers the
        names of its clients: ``TRUNCATE performance_schema.host_cache`` has it look again.

        Args:
            names: The names; all of the topology's if there are none.

        Raises:
            NetworkError: The topology has no such name, or /etc/hosts cannot be written.
        """
        __tracebackhide__ = True
        from pytest_netns_mysql.kernel.faults.names import remove_names

        return remove_names(self._faults, names)

    @cached_property
    def _faults(self) -> NetworkFaults:
        from pytest_netns_mysql.kernel.faults.fault import NetworkFaults

        return NetworkFaults(self, self.topology.plan, self._sandbox, self._directory, self._where, self.fault_log)

    def capture(self, *names: str) -> AbstractContextManager[Packets]:
        """Return a context manager that captures packets: ``with netns.capture("red") as packets``.

        ``packets`` is a sequence that grows in the block and stays after it.

        Args:
            names: The namespaces whose packets are captured, on all their interfaces; by default all namespaces.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            NetworkError: The kernel refuses a packet socket.
        """
        from pytest_netns_mysql.kernel.capture.packets import capturing

        return capturing(self._taps, tuple(dict.fromkeys(self[name].name for name in names or self)), self._captures)

    def _captures_since(self, moment: float) -> list[Packets]:
        """Return what ``capture()`` captured since a moment, as far as somebody still has it.

        Args:
            moment: In seconds since the epoch.
        """
        found = (known() for known in self._captures)
        return [packets for packets in found if packets is not None and packets.began >= moment]

    @property
    def _taps(self) -> Taps:
        """The packet sockets in the namespaces, with which packets are captured."""
        from pytest_netns_mysql.kernel.capture.taps import Taps

        if self._opened_taps is None:
            self._opened_taps = Taps(self._namespaces, self._where)
        return self._opened_taps

    def _close(self) -> None:
        """Close the descriptors of the namespaces; the kernel removes the namespaces with the sandbox."""
        self.fault_log.restore((), "the end of the network")
        if self._opened_taps is not None:
            self._opened_taps.close()
        super()._close()
