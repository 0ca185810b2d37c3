"""The contents of schemas at one moment, as values to compare: every definition, and a digest of each table's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

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
