"""The faults that tests cause in a network: which are in force, and which were healed when."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

_KEPT = 200


@dataclass(eq=False)
class Fault:
    """A fault in a network, in force until it is healed.

    Attributes:
        what: The fault as a clause, such as ``the link of red to global is down``.
        namespaces: The namespaces that it concerns.
        began: When it began, in seconds since the epoch.
        ended: When it was healed, in seconds since the epoch, or None while it is in force.
        healed_by: Who healed it: '' for the test's own code, else such as ``the cleaning after the test``.
    """

    what: str
    namespaces: tuple[str, ...]
    began: float = field(default_factory=time.time)
    ended: float | None = None
    healed_by: str = ""

    def heal(self, by: str = "") -> None:
        """Note that the fault is healed.

        Args:
            by: Who healed it, see ``healed_by``.
        """
        if self.ended is None:
            self.ended, self.healed_by = time.time(), by


class FaultLog:
    """The last faults of one network, the oldest first."""

    def __init__(self) -> None:
        """Begin without faults."""
        self._faults: deque[Fault] = deque(maxlen=_KEPT)

    def note(self, what: str, *namespaces: str) -> Fault:
        """Keep a fault that begins now, and return it.

        Args:
            what: The fault as a clause, such as ``the link of red to global is down``.
            namespaces: The namespaces that it concerns.
        """
        fault = Fault(what, namespaces)
        self._faults.append(fault)
        return fault

    @property
    def in_force(self) -> list[Fault]:
        """The faults that are not healed."""
        return [fault for fault in self._faults if fault.ended is None]

    @property
    def healed(self) -> list[Fault]:
        """The faults that are healed."""
        return [fault for fault in self._faults if fault.ended is not None]
