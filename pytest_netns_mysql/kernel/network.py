"""A topology made real: its namespaces by name, its links to take down and up."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetworkError, in_short
from pytest_netns_mysql.kernel import faults
from pytest_netns_mysql.kernel.hosts import show_names
from pytest_netns_mysql.kernel.namespaces.existing import addresses_here, name_namespace, open_external
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace, make_namespace, make_unnamed_namespace
from pytest_netns_mysql.kernel.namespaces.position import identity, network_identity
from pytest_netns_mysql.kernel.namespaces.sandbox import NETNS_DIRECTORY, NETWORKS_DIRECTORY, WORK_DIRECTORY, Sandbox
from pytest_netns_mysql.kernel.wiring import refused, wire
from pytest_netns_mysql.topology.lookup import unknown_namespace
from pytest_netns_mysql.topology.topology import Topology

OWN_NETWORK = WORK_DIRECTORY / GLOBAL
"""The file of the sandbox's own network, which has no name in /run/netns."""


class Network(Mapping[str, Namespace]):
    """Give the namespaces of the sandbox by name, ``global`` among them.

    An unknown name raises UnknownNamespaceError, a KeyError that lists the known ones. Several networks may live in
    one sandbox, each with a ``global`` of its own; ``/run/netns`` and ``/etc/hosts`` show the active one's names.

    Attributes:
        directory: Where the files of its namespaces lie in the sandbox; /run/netns leads there while it is active.
    """

    def __init__(self, sandbox: Sandbox, topology: Topology, *, is_built: bool = False) -> None:
        """Build the topology in the sandbox; raise NetworkError where the kernel refuses a part of it.

        Where it ``is_built``, it is the sandbox's first network, made and shown by another process.
        """
        self.sandbox = sandbox
        self.topology = topology
        self._where = f"topology {topology.name} ({topology.source})"
        self._namespaces: dict[str, Namespace] = {}
        self._opened: list[int] = []
        self._parted: tuple[str, ...] = ()
        self._lost: faults.Lost = {}
        try:
            if is_built:
                self._find()
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
        external = {name: self._external(name, path) for name, path in plan.external.items()}
        with self.sandbox.entered():
            self.directory, own = self._begin()
            self._add(GLOBAL, own)
            for name in self.topology.namespaces:
                self._add(name, external[name] if name in external else self._make(name))
                if name in external:
                    name_namespace(self.directory, name, external[name])
        for name in external:
            with self[name]:
                self[name].addresses = addresses_here()
        wire(plan, self, self._where)

    def _find(self) -> None:
        self.directory = NETWORKS_DIRECTORY / "0"
        self._add(GLOBAL, self.sandbox.inner.network)
        with self.sandbox.entered():
            for name in self.topology.namespaces:
                self._add(name, self._open(name, partial(os.open, self.directory / name, os.O_RDONLY | os.O_CLOEXEC)))

    def __getitem__(self, name: str) -> Namespace:
        try:
            return self._namespaces[name]
        except (KeyError, TypeError):  # no name is a list
            raise unknown_namespace(name, self.topology) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._namespaces)

    def __len__(self) -> int:
        return len(self._namespaces)

    # A Mapping would be equal to any other of the same names, and have no hash.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def file(self, name: str) -> Path:
        """Return the file of the namespace ``name``, which shows this network's own whichever network is active.

        It exists in the sandbox alone. Raises UnknownNamespaceError.
        """
        descriptor = self[name].descriptor
        if name != GLOBAL:
            return self.directory / name
        if descriptor == self.sandbox.inner.network:
            return OWN_NETWORK
        file = NETWORKS_DIRECTORY / f"{self.directory.name}.{GLOBAL}"  # not in the directory: /run/netns would show it
        with self.sandbox.entered():
            if not file.exists():
                name_namespace(file.parent, file.name, descriptor)
        return file

    @property
    def here(self) -> Namespace | None:
        """Return the namespace that the calling thread stands in, or None outside of them all."""
        here = network_identity()
        return next((one for one in self._namespaces.values() if identity(one.descriptor) == here), None)

    def link(self, name: str, to: str | None = None) -> faults.VethLink:
        """Return the link of the namespace ``name``: its first one, or the one that leads ``to`` another side.

        Raises UnknownNamespaceError, and NetworkError where there is no such link.
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
            remedies=["take the link down from the namespace at its other side, whose topology entry has it"],
        )

    @contextlib.contextmanager
    def partition(self, *names: str) -> Iterator[None]:
        """Cut the namespaces ``names`` off from all others, ``global`` too, until the block ends.

        Links stay up, and each side is whole: of the other one it gets "No route to host", by an unreachable route for
        each address, see ip-route(8). One at a time. Raises UnknownNamespaceError, NetworkError.
        """
        routes = faults.routes_between(self, names, self._where)
        if self._parted:
            raise NetworkError(
                f"a partition is in force already, of {', '.join(self._parted)}",
                where=self._where,
                remedies=["leave its block first", "name all namespaces of one side in one partition"],
            )
        self._parted = names
        try:
            faults.set_reachable(self, routes, reachable=False, where=self._where)
            yield
        finally:
            self._parted = ()
            faults.set_reachable(self, routes, reachable=True, where=self._where)

    def activate(self) -> None:
        """Let /run/netns and /etc/hosts of the sandbox show this network's names."""
        with self.sandbox.entered():
            link = NETWORKS_DIRECTORY / "next"
            link.symlink_to(self.directory)
            link.replace(NETNS_DIRECTORY)
            try:
                show_names(self.topology.plan.hosts, NETWORKS_DIRECTORY)
            except OSError as error:
                raise refused("the host names in /etc/hosts", error, self._where) from error

    def close(self) -> None:
        """Let go of the namespaces; the kernel removes them with the sandbox."""
        for descriptor in self._opened:
            os.close(descriptor)
        self._opened.clear()

    def _external(self, name: str, external: str) -> int:
        descriptor = open_external(self.sandbox, name, external, where=self._where)
        self._opened.append(descriptor)
        return descriptor

    def _begin(self) -> tuple[Path, int]:
        """Make the directory of names; return it and ``global``: the first network's is the sandbox's own."""
        number = sum(1 for entry in NETWORKS_DIRECTORY.iterdir() if entry.name.isdigit())
        directory = NETWORKS_DIRECTORY / str(number)
        directory.mkdir()
        if number == 0:
            return directory, self.sandbox.inner.network
        return directory, self._open(GLOBAL, lambda: make_unnamed_namespace(self.sandbox))

    def _make(self, name: str) -> int:
        return self._open(name, lambda: make_namespace(self.sandbox, self.directory / name))

    def _open(self, name: str, make: Callable[[], int]) -> int:
        try:
            descriptor = make()
        except OSError as error:
            raise refused(f"namespace {name}", error, self._where) from error
        self._opened.append(descriptor)
        return descriptor

    def _add(self, name: str, descriptor: int) -> None:
        addresses = self.topology.addresses[name]
        self._namespaces[name] = Namespace(self.sandbox, name, descriptor, addresses)
