"""The faults of a topology, collected so that one error lists them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pytest_netns_mysql.errors import NetnsError, TopologyError


class Faults:
    """The faults of one topology.

    Attributes:
        source: The file or preset, for messages.
        of_file: True if keys of the file are wrong, so that a part of what it says is missing.
    """

    def __init__(self, source: str) -> None:
        """Create an empty collection."""
        self.source = source
        self.of_file = False
        self._found: list[NetnsError] = []

    def add(self, what: str, key: str, *remedies: str, tried: Sequence[str] = ()) -> None:
        """Add a fault.

        Args:
            what: What is wrong.
            key: The key at fault.
            remedies: What to do, the best remedy first.
            tried: What is there, or allowed.
        """
        self._found.append(TopologyError(what, where=self.place(key), tried=tried, remedies=remedies))

    def place(self, key: str) -> str:
        """Return the file or preset and the key, for messages."""
        return f"{self.source}: {key}" if key else self.source

    def __bool__(self) -> bool:
        return bool(self._found)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Add the error that the block raises, and continue after the block."""
        try:
            yield
        except NetnsError as error:
            self._found.append(error)

    def check(self) -> None:
        """Raise the faults: a single one as it is, several as one TopologyError that lists them."""
        found = list({str(error): error for error in self._found}.values())
        if len(found) == 1:
            raise found[0]
        if found:
            raise TopologyError._of_several(found, where=self.source)
