"""A fault in force, and what the faults of one network share."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.arguments import Kind, caller
from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.faultlog import Fault, FaultLog
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.topology.plan import End, Plan, Veth

_KEPT = 200
_DIRECTIONS = ("both", "in", "out")
DIRECTION = Kind(f"one of {', '.join(_DIRECTIONS)}", '"in"', lambda value: value in _DIRECTIONS)
"""The argument that says which way a fault works: "in" is into the named namespaces, "out" is out of them."""

Subject = tuple[Any, ...]
"""What a fault is about: the kind of fault, and its details."""


class NetworkFault:
    """A fault in a network. It is in force from the call that returns it.

    A ``with`` block heals the fault at its end, also when the block raises an exception. Without a block, the fault
    ends with ``heal()`` or with the test.
    """

    def __init__(self, fault: Fault, undo: Callable[[], None], subject: Subject) -> None:
        """Describe a fault; only a Network and its links create these objects.

        Args:
            fault: The entry in the network's fault log.
            undo: Heals the fault, or raises NetworkError.
            subject: What the fault is about.
        """
        self._fault = fault
        self._undo = undo
        self._subject = subject

    @property
    def what(self) -> str:
        """The fault as a clause, such as ``the link of red to global is down``."""
        return self._fault.what

    @property
    def is_in_force(self) -> bool:
        """True until the fault is healed, by the test or by the cleaning after the test."""
        return self._fault.ended is None

    def heal(self) -> None:
        """Heal the fault. A fault that is healed already stays as it is.

        Raises:
            NetworkError: The fault cannot be healed, for example because the test deleted the interface.
        """
        __tracebackhide__ = True
        if self.is_in_force:
            self._undo()
            self._fault.heal()

    def __enter__(self) -> NetworkFault:
        """Return the fault, which is in force already."""
        __tracebackhide__ = True
        if not self.is_in_force:
            raise NetworkError(
                f"this fault is healed and cannot be used again: {self.what}",
                where=caller(),
                remedies=["cause it anew in the with statement: with netns.link(...).down():"],
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Heal the fault. An exception of the block is not replaced by an error of the healing."""
        __tracebackhide__ = True
        with contextlib.suppress(*(() if kind is None else (NetworkError,))):
            self.heal()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.what}{'' if self.is_in_force else ', healed'}>"


class NetworkFaults:
    """What the faults of one network share.

    Attributes:
        namespaces: The namespaces of the network.
        plan: The plan of the topology.
        sandbox: The sandbox that contains the network.
        directory: The directory of the namespaces' files.
        where: The topology, for error messages.
        resolver: The content of /etc/resolv.conf before names were removed; None if none was read.
    """

    def __init__(
        self,
        namespaces: Mapping[str, Namespace],
        plan: Plan,
        sandbox: Sandbox,
        directory: Path,
        where: str,
        log: FaultLog,
    ) -> None:
        """Begin without faults; the log is the network's."""
        self.namespaces = namespaces
        self.plan = plan
        self.sandbox = sandbox
        self.directory = directory
        self.where = where
        self.resolver: bytes | None = None
        self._log = log
        self._numbers = itertools.count(1)
        self._faults: list[NetworkFault] = []

    def begin(
        self,
        what: str,
        *namespaces: str,
        undo: Callable[[], None],
        subject: Subject,
        kind: str = "",
        files: tuple[str, ...] = (),
    ) -> NetworkFault:
        """Note a fault that begins now.

        Args:
            what: The fault as a clause, see ``Fault.what``.
            namespaces: The namespaces that it concerns.
            undo: Heals the fault, or raises NetworkError.
            subject: What the fault is about.
            kind: The kind of fault, see ``Fault.kind``.
            files: The files that it changes.
        """

        def heal() -> None:
            undo()
            self.forget_unresolved_neighbours()

        noted = self._log.note(what, *namespaces, files=files, caused_at=caller() or "", kind=kind)
        fault = NetworkFault(noted, heal, subject)
        self._faults.append(fault)
        if len(self._faults) > _KEPT:
            self._faults[:] = [known for known in self._faults if known.is_in_force]
        return fault

    def in_force(self, *subject: object) -> list[NetworkFault]:
        """Return the faults in force whose subject begins with these parts, the oldest first."""
        return [fault for fault in self._faults if fault.is_in_force and fault._subject[: len(subject)] == subject]

    def forget_unresolved_neighbours(self) -> None:
        """Have connections that are made from now on find the neighbours that a fault kept from answering."""
        from pytest_netns_mysql.kernel.netlink.neighbours import forget_unresolved

        for name, namespace in self.namespaces.items():
            if name not in self.plan.external:
                with namespace:
                    forget_unresolved()

    def new_table(self) -> str:
        """Return the name of a table of nftables that no other fault has."""
        return f"netns-mysql-fault-{next(self._numbers)}"


def deleted(veth: Veth, end: End, where: str) -> NetworkError:
    """Return the error for a link of which an interface is missing; the caller raises it.

    Args:
        veth: The link.
        end: The end whose interface is missing.
        where: The topology.
    """
    return NetworkError(
        f"the link of {veth.inner.namespace} has been deleted: {end.namespace} has no interface {end.interface}",
        where=where,
        remedies=["take links down with down(), and do not delete their interfaces"],
    )
