"""The network of a topology: its namespaces by name, its links, partitions between them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetworkError, in_short
from pytest_netns_mysql.kernel.faultlog import FaultLog
from pytest_netns_mysql.kernel.hosts import write_names
from pytest_netns_mysql.kernel.namespaces.directories import NETNS_DIRECTORY, NETWORKS_DIRECTORY, OWN_NETWORK
from pytest_netns_mysql.kernel.namespaces.namespace import (
    Namespace,
    bind_namespace,
    make_namespace,
    make_unnamed_namespace,
)
from pytest_netns_mysql.kernel.namespaces.position import identity, network_identity
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.wiring import refused, wire
from pytest_netns_mysql.topology.lookup import unknown_namespace
from pytest_netns_mysql.topology.topology import Topology

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.faults.fault import NetworkFault, NetworkFaults
    from pytest_netns_mysql.kernel.faults.link import VethLink


class Network(Mapping[str, Namespace]):
    """The namespaces of a topology by name, ``global`` among them.

    An unknown name raises UnknownNamespaceError, a KeyError that lists the known names. A sandbox may have several
    networks, each with a ``global`` of its own. ``/run/netns`` and ``/etc/hosts`` show the names of the active network.

    Attributes:
        sandbox: The sandbox that contains the network.
        topology: The topology from which the network was built.
        directory: The directory of the namespaces' files, where /run/netns leads while the network is active.
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
        self.sandbox = sandbox
        self.topology = topology
        self._where = f"topology {topology.name} ({topology.source})"
        self._namespaces: dict[str, Namespace] = {}
        self._opened: list[int] = []
        self.fault_log = FaultLog()
        try:
            if is_built:
                self._open_existing()
            else:
                self._build()
                self.activate()
        except OSError as error:
            self.close()
            raise refused("a part of the network", error, self._where) from error
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        plan = self.topology.plan
        external = self._open_external(plan.external) if plan.external else {}
        with self.sandbox.entered():
            self.directory, global_descriptor = self._make_directory()
            self._add(GLOBAL, global_descriptor)
            for name in self.topology.namespaces:
                if name in external:
                    self._add(name, external[name])
                    bind_namespace(self.directory / name, external[name])
                else:
                    self._add(name, self._open(name, partial(make_namespace, self.sandbox, self.directory / name)))
        if external:
            self._read_addresses(external)
        wire(plan, self, self._where)

    def _open_external(self, external: Mapping[str, str]) -> dict[str, int]:
        from pytest_netns_mysql.kernel.namespaces.externalnamespace import open_external

        found = {}
        for name, text in external.items():
            found[name] = open_external(self.sandbox, name, text, where=self._where)
            self._opened.append(found[name])
        return found

    def _read_addresses(self, names: Iterable[str]) -> None:
        from pytest_netns_mysql.kernel.namespaces.externalnamespace import current_addresses

        for name in names:
            with self[name]:
                self[name].addresses = current_addresses()

    def _open_existing(self) -> None:
        self.directory = NETWORKS_DIRECTORY / "0"
        self._add(GLOBAL, self.sandbox.inner.network)
        with self.sandbox.entered():
            for name in self.topology.namespaces:
                self._add(name, self._open(name, partial(os.open, self.directory / name, os.O_RDONLY | os.O_CLOEXEC)))

    def __getitem__(self, name: str) -> Namespace:
        try:
            return self._namespaces[name]
        except (KeyError, TypeError):  # a list, for example, cannot be a key
            raise unknown_namespace(name, self.topology) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._namespaces)

    def __len__(self) -> int:
        return len(self._namespaces)

    # A Mapping would be equal to any other mapping with the same items, and have no hash.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def file(self, name: str) -> Path:
        """Return the file of a namespace of this network, whichever network is active; it exists in the sandbox alone.

        Args:
            name: The namespace's name.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
        """
        descriptor = self[name].descriptor
        if name != GLOBAL:
            return self.directory / name
        if descriptor == self.sandbox.inner.network:
            return OWN_NETWORK
        file = NETWORKS_DIRECTORY / f"{self.directory.name}.{GLOBAL}"  # in the directory it would appear in /run/netns
        with self.sandbox.entered():
            if not file.exists():
                bind_namespace(file, descriptor)
        return file

    @property
    def here(self) -> Namespace | None:
        """The namespace in which the calling thread stands, or None outside of this network."""
        current = network_identity()
        return next((found for found in self._namespaces.values() if identity(found.descriptor) == current), None)

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
            if to is None or veth.to == to:
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

        return NetworkFaults(self, self.topology.plan, self.sandbox, self.directory, self._where, self.fault_log)

    def activate(self) -> None:
        """Make /run/netns and /etc/hosts of the sandbox show this network's names."""
        with self.sandbox.entered():
            link = NETWORKS_DIRECTORY / "next"
            link.symlink_to(self.directory)
            link.replace(NETNS_DIRECTORY)
            try:
                write_names(self.topology.plan.hosts, NETWORKS_DIRECTORY)
            except OSError as error:
                raise refused("the host names in /etc/hosts", error, self._where) from error

    def close(self) -> None:
        """Close the descriptors of the namespaces; the kernel removes the namespaces with the sandbox."""
        self.fault_log.restore((), "the end of the network")
        for descriptor in self._opened:
            os.close(descriptor)
        self._opened.clear()

    def _make_directory(self) -> tuple[Path, int]:
        """Create the directory of namespace files; return it with a descriptor of the network's ``global``.

        The ``global`` of the first network is the sandbox's own network.
        """
        number = sum(1 for entry in NETWORKS_DIRECTORY.iterdir() if entry.name.isdigit())
        directory = NETWORKS_DIRECTORY / str(number)
        directory.mkdir()
        if number == 0:
            return directory, self.sandbox.inner.network
        return directory, self._open(GLOBAL, lambda: make_unnamed_namespace(self.sandbox))

    def _open(self, name: str, opened: Callable[[], int]) -> int:
        try:
            descriptor = opened()
        except OSError as error:
            raise refused(f"namespace {name}", error, self._where) from error
        self._opened.append(descriptor)
        return descriptor

    def _add(self, name: str, descriptor: int) -> None:
        addresses = self.topology.addresses[name]
        self._namespaces[name] = Namespace(self.sandbox, name, descriptor, addresses)
