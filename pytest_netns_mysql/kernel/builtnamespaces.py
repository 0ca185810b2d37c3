"""The namespaces of a topology, built in a sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.kernel.hosts import write_names
from pytest_netns_mysql.kernel.namespaces.directories import NETNS_DIRECTORY, NETWORKS_DIRECTORY, OWN_NETWORK
from pytest_netns_mysql.kernel.namespaces.namespace import (
    Namespace,
    bind_namespace,
    make_namespace,
    make_unnamed_namespace,
)
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.wiring import refused, wire
from pytest_netns_mysql.topology.lookup import unknown_namespace
from pytest_netns_mysql.topology.topology import Topology


class BuiltNamespaces(Mapping[str, Namespace]):
    """The namespaces of a topology by name, ``global`` among them, with their links, addresses and routes.

    Attributes:
        topology: The topology from which they were built.
    """

    _directory: Path  # of the namespaces' files, where /run/netns leads while the network is active

    def __init__(self, sandbox: Sandbox, topology: Topology, *, is_built: bool = False) -> None:
        """Build a topology in a sandbox and activate the network.

        Args:
            sandbox: The sandbox.
            topology: The topology.
            is_built: Whether another process has built the network already, as the sandbox's first one.

        Raises:
            NetworkError: The kernel refuses a part of the topology.
        """
        self._sandbox = sandbox
        self.topology = topology
        self._where = f"topology {topology.name} ({topology.source})"
        self._namespaces: dict[str, Namespace] = {}
        self._opened: list[int] = []
        try:
            if is_built:
                self._open_existing()
            else:
                self._build()
                self._activate()
        except OSError as error:
            self._close()
            raise refused("a part of the network", error, self._where) from error
        except BaseException:
            self._close()
            raise

    def _build(self) -> None:
        plan = self.topology.plan
        external = self._open_external(plan.external) if plan.external else {}
        with self._sandbox.entered():
            self._directory, global_descriptor = self._make_directory()
            self._add(GLOBAL, global_descriptor)
            for name in self.topology.namespaces:
                if name in external:
                    self._add(name, external[name])
                    bind_namespace(self._directory / name, external[name])
                else:
                    self._add(name, self._open(name, partial(make_namespace, self._sandbox, self._directory / name)))
        if external:
            self._read_addresses(external)
        wire(plan, self, self._where)

    def _open_external(self, external: Mapping[str, str]) -> dict[str, int]:
        from pytest_netns_mysql.kernel.namespaces.externalnamespace import open_external

        found = {}
        for name, text in external.items():
            found[name] = open_external(self._sandbox, name, text, where=self._where)
            self._opened.append(found[name])
        return found

    def _read_addresses(self, names: Iterable[str]) -> None:
        from pytest_netns_mysql.kernel.namespaces.externalnamespace import current_addresses

        for name in names:
            with self[name]:
                self[name].addresses = current_addresses()

    def _open_existing(self) -> None:
        self._directory = NETWORKS_DIRECTORY / "0"
        self._add(GLOBAL, self._sandbox.inner.network)
        with self._sandbox.entered():
            for name in self.topology.namespaces:
                self._add(name, self._open(name, partial(os.open, self._directory / name, os.O_RDONLY | os.O_CLOEXEC)))

    def __getitem__(self, name: str) -> Namespace:
        try:
            return self._namespaces[name]
        except (KeyError, TypeError):  # a list, for example, cannot be a key
            raise unknown_namespace(name, self.topology) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._namespaces)

    def __len__(self) -> int:
        return len(self._namespaces)

    def __repr__(self) -> str:
        """Return the topology and the namespaces, as pytest shows them in tracebacks."""
        return f"<Network {self.topology.name}: {', '.join(self)}>"

    # A Mapping would be equal to any other mapping with the same items, and have no hash.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def _file(self, name: str) -> Path:
        """Return the file of a namespace of this network, whichever network is active; it exists in the sandbox alone.

        Args:
            name: The namespace's name.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
        """
        descriptor = self[name]._descriptor
        if name != GLOBAL:
            return self._directory / name
        if descriptor == self._sandbox.inner.network:
            return OWN_NETWORK
        file = NETWORKS_DIRECTORY / f"{self._directory.name}.{GLOBAL}"  # in the directory it would appear in /run/netns
        with self._sandbox.entered():
            if not file.exists():
                bind_namespace(file, descriptor)
        return file

    def _activate(self) -> None:
        """Make /run/netns and /etc/hosts of the sandbox show this network's names."""
        with self._sandbox.entered():
            link = NETWORKS_DIRECTORY / "next"
            link.symlink_to(self._directory)
            link.replace(NETNS_DIRECTORY)
            try:
                write_names(self.topology.plan.hosts, NETWORKS_DIRECTORY)
            except OSError as error:
                raise refused("the host names in /etc/hosts", error, self._where) from error

    def _close(self) -> None:
        """Close the descriptors of the namespaces; the kernel removes the namespaces with the sandbox."""
        for namespace in self._namespaces.values():
            namespace._close()
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
            return directory, self._sandbox.inner.network
        return directory, self._open(GLOBAL, lambda: make_unnamed_namespace(self._sandbox))

    def _open(self, name: str, opened: Callable[[], int]) -> int:
        try:
            descriptor = opened()
        except OSError as error:
            raise refused(f"namespace {name}", error, self._where) from error
        self._opened.append(descriptor)
        return descriptor

    def _add(self, name: str, descriptor: int) -> None:
        addresses = self.topology.addresses[name]
        self._namespaces[name] = Namespace(self._sandbox, name, descriptor, addresses)
