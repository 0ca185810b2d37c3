"""The network of a topology: its namespaces by name, its links, partitions between them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetworkError, in_short
from pytest_netns_mysql.kernel import faults
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
    from pytest_netns_mysql.kernel.capture.packets import Packets
    from pytest_netns_mysql.kernel.capture.taps import Taps


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
        self._partitioned: tuple[str, ...] = ()
        self._lost: faults.LostEntries = {}
        self.fault_log = FaultLog()
        self._taps: Taps | None = None
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

    def link(self, name: str, to: str | None = None) -> faults.VethLink:
        """Return a link of a namespace.

        Args:
            name: The namespace's name.
            to: The namespace or bridge at the other side, by default that of the namespace's first link.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            NetworkError: The namespace has no such link.
        """
        _ = self[name]
        own = [veth for veth in self.topology.plan.veths if veth.inner.namespace == name]
        for veth in own:
            if to is None or veth.to == to:
                return faults.VethLink(self, veth, self._where, self._lost)
        raise NetworkError(
            f"namespace {name} has no link"
            + (f" to {to if isinstance(to, str) else in_short(to)}" if to is not None else " of its own"),
            where=self._where,
            tried=[f"its links lead to {', '.join(veth.to for veth in own) or 'nothing'}"],
            remedies=["name the namespace at the other side: a link belongs to the side whose topology entry has it"],
        )

    @contextlib.contextmanager
    def partition(self, *names: str) -> Iterator[None]:
        """Cut namespaces off from all others, ``global`` included, until the block ends.

        Links stay up, and namespaces of the same side still reach each other. Connections to the other side fail with
        "No route to host", by an unreachable route for each address, see ip-route(8). A network can have one partition
        at a time.

        Args:
            names: The namespaces of one side.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            NetworkError: One side is empty, another partition is in force, or the kernel refuses a route.
        """
        unreachable = faults.addresses_across(self, names, self._where)
        if self._partitioned:
            raise NetworkError(
                f"the network is partitioned already, by a partition of {', '.join(self._partitioned)}",
                where=self._where,
                remedies=["leave its block first", "name all namespaces of one side in one partition"],
            )
        self._partitioned = names
        try:
            faults.set_reachable(self, unreachable, reachable=False, where=self._where)
            yield
        finally:
            self._partitioned = ()
            faults.set_reachable(self, unreachable, reachable=True, where=self._where)

    def capture(self, *names: str) -> contextlib.AbstractContextManager[Packets]:
        """Return a context manager that captures packets: ``with netns.capture("red") as packets``.

        ``packets`` is a sequence that grows in the block and stays after it.

        Args:
            names: The namespaces whose packets are captured, on all their interfaces; by default all namespaces.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            NetworkError: The kernel refuses a packet socket.
        """
        from pytest_netns_mysql.kernel.capture.packets import capturing

        return capturing(self.taps, tuple(dict.fromkeys(self[name].name for name in names or self)))

    @property
    def taps(self) -> Taps:
        """The packet sockets in the namespaces, with which packets are captured."""
        from pytest_netns_mysql.kernel.capture.taps import Taps

        if self._taps is None:
            self._taps = Taps(self._namespaces, self._where)
        return self._taps

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
        if self._taps is not None:
            self._taps.close()
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
