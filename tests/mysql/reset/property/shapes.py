"""The seed's tables and other objects by name, as the random statements need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_netns_mysql import MySQLServer

SYSTEM = "'mysql', 'sys', 'performance_schema', 'information_schema'"


def quoted(name: str) -> str:
    """Return an identifier in backquotes."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        kind: The type without length, such as ``varchar``.
        full: The type as SHOW CREATE TABLE writes it.
        is_generated: Whether no value can be given.
    """

    name: str
    kind: str
    full: str
    is_generated: bool

    @property
    def title(self) -> str:
        """The name in backquotes."""
        return quoted(self.name)


@dataclass(frozen=True)
class TableShape:
    """A base table."""

    schema: str
    name: str
    engine: str
    columns: tuple[Column, ...]
    partitions: tuple[str, ...]

    @property
    def title(self) -> str:
        """The name with its schema, in backquotes."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def writable(self) -> tuple[Column, ...]:
        """The columns that a value can be given for."""
        return tuple(column for column in self.columns if not column.is_generated)


@dataclass(frozen=True)
class Shapes:
    """Everything that the seed has.

    Attributes:
        routines: Kind and name of each, such as ``("PROCEDURE", "`shop`.`shuffle`")``.
        others: Names of views, triggers and events, by kind.
    """

    is_mariadb: bool
    schemas: tuple[str, ...]
    tables: tuple[TableShape, ...]
    routines: tuple[tuple[str, str], ...]
    others: dict[str, tuple[str, ...]]

    def named(self, name: str) -> TableShape:
        """Return the table of this name in the schema shop."""
        return next(table for table in self.tables if (table.schema, table.name) == ("shop", name))


def read_shapes(server: MySQLServer) -> Shapes:
    """Return what the seed has, in an order that is the same each time."""
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, name, kind, full, extra, generation in server.execute(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, EXTRA, GENERATION_EXPRESSION"
        f" FROM information_schema.COLUMNS WHERE TABLE_SCHEMA NOT IN ({SYSTEM}) ORDER BY 1, 2, ORDINAL_POSITION"
    ):
        is_generated = bool(generation) or "GENERATED" in str(extra).upper().replace("DEFAULT_GENERATED", "")
        column = Column(_text(name), _text(kind).lower(), _text(full), is_generated)
        columns.setdefault((_text(schema), _text(table)), []).append(column)
    partitions: dict[tuple[str, str], list[str]] = {}
    for schema, table, name in server.execute(
        "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, PARTITION_NAME FROM information_schema.PARTITIONS"
        f" WHERE PARTITION_NAME IS NOT NULL AND TABLE_SCHEMA NOT IN ({SYSTEM}) ORDER BY 1, 2, 3"
    ):
        partitions.setdefault((_text(schema), _text(table)), []).append(_text(name))
    tables = server.execute(
        "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN"
        f" ({SYSTEM}) AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1, 2"
    )
    shapes = []
    for row in tables:
        schema, table, engine = map(_text, row)
        name = schema, table
        shapes.append(TableShape(*name, engine, tuple(columns[name]), tuple(partitions.get(name, ()))))
    routines = server.execute(
        "SELECT ROUTINE_TYPE, ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES"
        f" WHERE ROUTINE_SCHEMA NOT IN ({SYSTEM}) ORDER BY 1, 2, 3"
    )
    found = server.execute(f"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ({SYSTEM})")
    return Shapes(
        is_mariadb=not server._dialect.speaks_x,
        schemas=tuple(sorted(_text(row[0]) for row in found if _text(row[0]) != "global_schema")),
        tables=tuple(shapes),
        routines=tuple(
            (_text(kind), f"{quoted(_text(place))}.{quoted(_text(name))}") for kind, place, name in routines
        ),
        others={kind: _others(server, kind) for kind in ("VIEW", "TRIGGER", "EVENT")},
    )


def _others(server: MySQLServer, kind: str) -> tuple[str, ...]:
    name = "TABLE" if kind == "VIEW" else kind
    rows = server.execute(
        f"SELECT {name}_SCHEMA, {name}_NAME FROM information_schema.{kind}S WHERE {name}_SCHEMA NOT IN ({SYSTEM})"
        " ORDER BY 1, 2"
    )
    return tuple(f"{quoted(_text(schema))}.{quoted(_text(one))}" for schema, one in rows)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, (bytes, bytearray)) else str(value)
