"""The faults that tests cause in a network: which are in force, and which were healed when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from pytest_netns_mysql import clock

_KEPT = 200


@dataclass(eq=False)
class Fault:
    """A fault in a network, in force until it is healed.

    Attributes:
        what: The fault as a clause, such as ``the link of red to global is down``.
        namespaces: The namespaces that it concerns.
        began: When it began, in seconds since the epoch.
        ended: When it was healed, in seconds since the epoch, or None while it is in force.
        healed_by: Who healed it: '' for the test's own code, else such as ``the cleaning after test_shop.py::test_it``.
        files: The files that it changed.
        caused_at: The file and line of the call that caused it, as ``test_shop.py, line 7``; '' if unknown.
        kind: ``link`` for a link that is down, ``partition`` for packets that are dropped, ``rejection`` for packets
            that are rejected, ``shape``, ``address`` or ``names``; '' if unknown.
    """

    what: str
    namespaces: tuple[str, ...]
    began: float = field(default_factory=clock.now)
    ended: float | None = None
    healed_by: str = ""
    files: tuple[str, ...] = ()
    caused_at: str = ""
    kind: str = ""

    def heal(self, by: str = "") -> None:
        """Note that the fault is healed.

        Args:
            by: Who healed it, see ``healed_by``.
        """
        if self.ended is None:
            self.ended, self.healed_by = clock.now(), by


class FaultLog:
    """The last faults of one network, the oldest first. Faults in force are kept, however many there are."""

    def __init__(self) -> None:
        """Begin without faults."""
        self._faults: list[Fault] = []

    def note(
        self, what: str, *namespaces: str, files: tuple[str, ...] = (), caused_at: str = "", kind: str = ""
    ) -> Fault:
        """Keep a fault that begins now, and return it.

        Args:
            what: The fault as a clause, such as ``the link of red to global is down``.
            namespaces: The namespaces that it concerns.
            files: The files that it changes.
            caused_at: The file and line of the call that caused it.
            kind: The kind of fault, see ``Fault.kind``.
        """
        fault = Fault(what, namespaces, files=files, caused_at=caused_at, kind=kind)
        self._faults.append(fault)
        if len(self._faults) > _KEPT:
            oldest = next((known for known in self._faults if known.ended is not None), None)
            if oldest is not None:
                self._faults.remove(oldest)
        return fault

    def restore(self, in_force: Collection[Fault], by: str) -> list[Fault]:
        """Note that exactly these faults are in force, because the network was put back; return the healed ones.

        Args:
            in_force: The faults that were in force at the time to which the network was put back.
            by: Who put the network back, see ``Fault.healed_by``.
        """
        for fault in in_force:
            fault.ended, fault.healed_by = None, ""
        healed = [fault for fault in self.in_force if fault not in in_force]
        for fault in healed:
            fault.heal(by)
        return healed

    @property
    def in_force(self) -> list[Fault]:
        """The faults that are not healed."""
        return [fault for fault in self._faults if fault.ended is None]

    @property
    def healed(self) -> list[Fault]:
        """The faults that are healed."""
        return [fault for fault in self._faults if fault.ended is not None]
