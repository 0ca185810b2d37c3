"""The interface of the schemas that a server was loaded with, as the server and its reset see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pytest_netns_mysql.mysql.mysqld.schemacontents import SchemaObject

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.schemacontents import SchemaContents


@dataclass(frozen=True)
class SchemaChange:
    """A change in a schema that the server was loaded with.

    Attributes:
        object: The object that changed.
        what: ``new``, ``gone``, ``altered`` for another definition, or ``changed`` for other rows.
    """

    object: SchemaObject
    what: str

    def __str__(self) -> str:
        return f"{self.object.kind} {self.object.schema}.{self.object.name} is {self.what}"


class Seeded(Protocol):
    """The schemas of one server that was loaded with data."""

    def read(self, *, as_loaded: bool = False, is_a_check: bool = False) -> SchemaContents:
        """Return the contents of the schemas.

        Args:
            as_loaded: No client has used the server since it was started: take the rows as they were loaded.
            is_a_check: No client has used the server since the last call: read no large table again.
        """
        ...

    def read_rows(self, known: SchemaContents, put_back: Collection[SchemaChange]) -> SchemaContents:
        """Return the contents of the schemas: ``known``, with the tables of ``put_back`` read again."""
        ...

    def changes(self, before: SchemaContents, now: SchemaContents) -> list[SchemaChange]:
        """Return what changed from ``before`` to ``now``."""
        ...

    def put_back(self, changes: Sequence[SchemaChange], before: SchemaContents, now: SchemaContents) -> bool:
        """Undo changes as far as possible; return True if nothing but rows had to be written."""
        ...

    def doubt(self) -> None:
        """Take note that the server may have other data than what was loaded."""
        ...
