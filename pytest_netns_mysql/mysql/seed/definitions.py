"""The definitions of the objects in schemas, read from a server by SHOW CREATE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.schemacontents import SchemaObject, TableName

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator

_OBJECTS = """\
SELECT LOWER(TABLE_TYPE), TABLE_SCHEMA, TABLE_NAME, '' FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN ({0})
UNION ALL SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, ACTION_ORDER FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA IN ({0})
UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, '' FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA IN ({0})"""
_TABLE_KINDS = {"base table": "table", "system versioned": "table", "sequence": "sequence"}
"""The kinds of objects with rows, by the type of table that the server reports."""
# The option comes first in its line, after the engine, so that the pattern does not match the text of a comment.
_AUTO_INCREMENT = re.compile(r"(\n\)(?: /\*!\d+ TABLESPACE .*?\*/)? ENGINE=\S+) AUTO_INCREMENT=(\d+)")


class Listing(NamedTuple):
    """What the server reports about an object beside its name.

    Attributes:
        keyword: The keyword for SHOW CREATE.
        order: The position of a trigger among others of its table; '' for other objects.
    """

    keyword: str
    order: str


class Definition(NamedTuple):
    """The definition of an object.

    Attributes:
        text: The result of SHOW CREATE without the next AUTO_INCREMENT, or the text of an error.
        next_number: The next AUTO_INCREMENT of a table, or the next number of a sequence; '' if there is none.
    """

    text: str
    next_number: str


def list_objects(administrator: Administrator, schemas: Iterable[str]) -> dict[SchemaObject, Listing]:
    """Return all objects in schemas."""
    query = _OBJECTS.format(", ".join(map(literal, schemas)))
    objects = {}
    for raw in administrator.ask(query)[0]:
        kind, schema, name, order = map(decoded, raw)
        keyword = "TABLE" if kind in _TABLE_KINDS else kind.upper()
        objects[SchemaObject(_TABLE_KINDS.get(kind, kind), schema, name)] = Listing(keyword, order)
    return objects


def read_definitions(
    administrator: Administrator, objects: Mapping[SchemaObject, Listing]
) -> dict[SchemaObject, Definition]:
    """Return the definition of each object."""
    queries = [f"SHOW CREATE {listing.keyword} {qualified(found.table_name)}" for found, listing in objects.items()]
    sequences = [found for found in objects if found.kind == "sequence"]
    queries += [f"SELECT next_not_cached_value FROM {qualified(sequence.table_name)}" for sequence in sequences]
    answers = list(_answers(administrator, queries))
    definitions: dict[SchemaObject, Definition] = {}
    for (found, listing), rows in zip(objects.items(), answers, strict=False):
        text = "\0".join([listing.order, *(decoded(value) for row in rows for value in row)])
        number = _AUTO_INCREMENT.search(text) if found.kind == "table" else None
        if number is None:
            definitions[found] = Definition(text, "")
        else:
            definitions[found] = Definition(text.replace(number[0], number[1], 1), number[2])
    for sequence, rows in zip(sequences, answers[len(objects) :], strict=True):
        next_number = decoded(rows[0][0]) if rows else ""
        definitions[sequence] = definitions[sequence]._replace(next_number=next_number)
    return definitions


def _answers(administrator: Administrator, queries: Sequence[str]) -> Iterator[list[RawRow]]:
    """Yield the rows of each query. The rows of a query that fails are its error."""
    import mysql.connector

    try:
        yield from administrator.ask(*queries) if queries else ()
        return
    except mysql.connector.Error:
        pass
    for query in queries:
        try:
            (rows,) = administrator.ask(query)
        except mysql.connector.Error as error:
            rows = [(str(error).encode(), b"")]  # different from any result of the query
        yield rows


def qualified(name: TableName) -> str:
    """Return the quoted name of a table with its schema."""
    schema, table = name
    return f"{identifier(schema)}.{identifier(table)}"
