"""The schemas that a server was loaded with: contents as values to compare, and the interface to put them back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

TableName = tuple[str, str]
"""The name of a schema, and the name of a table in the schema."""


class SchemaObject(NamedTuple):
    """A table, sequence, view, trigger or routine.

    Attributes:
        kind: The kind, such as ``table`` or ``trigger``.
        schema: The name of the schema.
        name: The name of the object.
    """

    kind: str
    schema: str
    name: str

    @property
    def table_name(self) -> TableName:
        """The names of the schema and of the object."""
        return self.schema, self.name


class Rows(NamedTuple):
    """The rows of a table, as values to compare.

    Attributes:
        digest: The number of rows and the sum of their hashes. The order of the rows does not matter.
        next_number: The next AUTO_INCREMENT, or ''. For a sequence, the next number that is not cached.
    """

    digest: str
    next_number: str


@dataclass(frozen=True)
class SchemaContents:
    """The definitions of all objects in some schemas, and the rows of their tables."""

    definitions: Mapping[SchemaObject, str] = field(default_factory=dict)
    rows: Mapping[TableName, Rows] = field(default_factory=dict)

    @property
    def has_sequences(self) -> bool:
        """True if a SELECT may change something: NEXTVAL advances a sequence."""
        return any(found.kind == "sequence" for found in self.definitions)


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
    """The schemas that a running server was loaded with."""

    def read(self, *, as_loaded: bool = False, is_a_check: bool = False) -> SchemaContents:
        """Return the contents of the schemas.

        Args:
            as_loaded: Whether nobody has used the server. The digests of the rows are then taken from the seed.
            is_a_check: Whether nobody but ``put_back`` has written since the last call. Large tables that were not put
                back are then not read.
        """
        ...

    def read_rows(self, known: SchemaContents, put_back: Collection[SchemaChange]) -> SchemaContents:
        """Return the contents of the schemas after ``put_back`` has written nothing but rows.

        Args:
            known: The contents before. Everything else is taken from them.
            put_back: The changes that were put back. Only their tables are read.
        """
        ...

    def changes(self, before: SchemaContents, now: SchemaContents) -> list[SchemaChange]:
        """Return what changed in the schemas."""
        ...

    def put_back(self, changes: Sequence[SchemaChange], before: SchemaContents, now: SchemaContents) -> bool:
        """Undo changes in the schemas, as far as possible; return True if only rows were written."""
        ...

    def doubt(self) -> None:
        """Forget what is known about the rows: the server was started on other data than the seed's."""
        ...
