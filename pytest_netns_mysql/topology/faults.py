"""Gather what is wrong with a topology, so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pytest_netns_mysql.errors import NetnsError, TopologyError


class Faults:
    """Gather the faults of one topology; ``source`` names its file or preset.

    Shape: ``of_file`` tells that keys are wrong, so that what is read is not all that was meant.
    """

    def __init__(self, source: str) -> None:
        """Begin without a fault."""
        self.source = source
        self.of_file = False
        self._found: list[NetnsError] = []

    def add(self, what: str, key: str, *remedies: str, tried: Sequence[str] = ()) -> None:
        """Note a fault: what is wrong, at which key, what to do, and what is allowed."""
        self._found.append(TopologyError(what, where=self.place(key), tried=tried, remedies=remedies))

    def place(self, key: str) -> str:
        """Return where a key stands, for messages."""
        return f"{self.source}: {key}" if key else self.source

    def __bool__(self) -> bool:
        return bool(self._found)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Note the error that the block raises, and go on."""
        try:
            yield
        except NetnsError as error:
            self._found.append(error)

    def check(self) -> None:
        """Raise what was noted: one fault as it is, several as one TopologyError that lists them."""
        found = list({str(error): error for error in self._found}.values())
        if len(found) == 1:
            raise found[0]
        if found:
            raise TopologyError.of_several(found, where=self.source)
