"""The schemas that a server was loaded with, as the server and its reset see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Name = tuple[str, str]
"""A schema, and what is in it."""


class Thing(NamedTuple):
    """A table, a view, a trigger or a routine of a schema."""

    kind: str
    schema: str
    name: str


class Rows(NamedTuple):
    """What rows a table has.

    Attributes:
        digest: The number of rows and a sum of their hashes, the same in every order.
        next_number: The next AUTO_INCREMENT, '' for none; of a sequence, the next number that it has not set aside.
    """

    digest: str
    next_number: str


@dataclass(frozen=True)
class Contents:
    """The definitions of all things in the schemas, and the rows of their tables."""

    definitions: Mapping[Thing, str] = field(default_factory=dict)
    rows: Mapping[Name, Rows] = field(default_factory=dict)

    @property
    def has_sequences(self) -> bool:
        """True if a SELECT may change something: NEXTVAL moves a sequence."""
        return any(one.kind == "sequence" for one in self.definitions)


@dataclass(frozen=True)
class Difference:
    """A thing that is new, gone or altered, or a table whose rows are changed."""

    thing: Thing
    what: str

    def __str__(self) -> str:
        return f"{self.thing.kind} {self.thing.schema}.{self.thing.name} is {self.what}"


class Seeded(Protocol):
    """The schemas of one server that was loaded with data."""

    def read(self, *, as_loaded: bool = False, is_a_check: bool = False) -> Contents:
        """Return the contents of the schemas.

        Args:
            as_loaded: No client has used the server since it was started: take the rows as they were loaded.
            is_a_check: No client has used the server since the last call: read no large table again.
        """
        ...

    def read_rows(self, known: Contents, put_back: Collection[Difference]) -> Contents:
        """Return the contents of the schemas: ``known``, with the tables of ``put_back`` read again."""
        ...

    def differences(self, before: Contents, now: Contents) -> list[Difference]:
        """Return what changed from ``before`` to ``now``."""
        ...

    def put_back(self, found: Sequence[Difference], before: Contents, now: Contents) -> bool:
        """Undo differences as far as possible; return True if nothing but rows had to be written."""
        ...

    def doubt(self) -> None:
        """Take note that the server may have other data than what was loaded."""
        ...
