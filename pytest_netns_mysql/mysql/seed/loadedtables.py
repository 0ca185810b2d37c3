"""The tables of a seed right after loading: structure, digest, and statements that write the rows.

They are written to the folder of the seed when it is made, and read by every server that starts from the seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.schemacontents import TableName
from pytest_netns_mysql.mysql.seed.definitions import list_objects, qualified, read_definitions
from pytest_netns_mysql.mysql.seed.rowdigests import (
    Column,
    digest_query,
    is_versioned,
    read_digests,
    stored_columns,
)

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_FILE = "tables.json"
_SCHEMAS = """\
SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') ORDER BY 1"""
_SIZES = """\
SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(DATA_LENGTH, 0) FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({})"""
_ENGINE = re.compile(r"\n\)(?: /\*!\d+ TABLESPACE .*?\*/)? ENGINE=(\w+)")
_LARGE = 1 << 20  # bytes: for larger tables, the files are checked before the rows are read
_LARGEST_RELOADED = 8 << 20  # bytes: for larger tables, a fresh server is faster than reloading
_LONGEST_STATEMENT = 1 << 18  # bytes
_WITHOUT_ROWS = ("mrg_myisam", "blackhole", "federated")  # engines: the rows belong to another table, or nowhere
_VOLATILE = ("memory",)  # engines: the rows are gone when the server that loaded them has ended
_NO_ROWS = "0 0 "  # the digest of an empty table


@dataclass(frozen=True)
class LoadedTable:
    """A table as it was loaded.

    Attributes:
        schema: The name of the schema.
        name: The name of the table.
        structure: The definition of the table.
        digest_query: The query for the digest of the rows.
        digest: The digest of the rows.
        files: For a large table, the files of the data directory with the rows.
        rows: The file with the statements that write the rows, one in each line as JSON; None if there is no such file.
    """

    schema: str
    name: str
    structure: str
    digest_query: str
    digest: str
    files: Sequence[str]
    rows: str | None

    @property
    def table_name(self) -> TableName:
        """The names of the schema and of the table."""
        return self.schema, self.name


@dataclass(frozen=True)
class LoadedTables:
    """The schemas and tables of a seed."""

    schemas: Sequence[str]
    tables: Mapping[TableName, LoadedTable]


def save_loaded_tables(server: Instance, folder: Path) -> None:
    """Write all tables of users to the folder of a seed. Nobody else may use the server."""
    administrator = server._administrator
    schemas = [decoded(name) for (name,) in administrator.ask(_SCHEMAS)[0]]
    objects = list_objects(administrator, schemas) if schemas else {}
    listings = {found: listing for found, listing in objects.items() if found.kind == "table"}
    names = [found.table_name for found in listings]
    if names:  # else the optimizer would have its statistics only some time later, if at all
        administrator.ask(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {', '.join(map(qualified, names))}")
    definitions = read_definitions(administrator, listings)
    structures = {found.table_name: definition.text for found, definition in definitions.items()}
    columns = stored_columns(administrator, names)
    queries = {name: digest_query(name, columns[name], structures[name]) for name in names}
    digests = read_digests(administrator, queries)
    sizes = _sizes(server, schemas)
    tables = []
    for number, name in enumerate(names):
        match = _ENGINE.search(structures[name])
        engine = "" if match is None else match[1].lower()
        files = _files(server, name) if sizes[name] > _LARGE and engine == "innodb" else ()
        rows = None
        if sizes[name] <= _LARGEST_RELOADED and not is_versioned(structures[name]) and engine not in _WITHOUT_ROWS:
            rows = f"{number}.rows"
            with (folder / rows).open("w", encoding="ascii") as file:
                if engine and engine not in _VOLATILE:
                    statements = _statements(server, name, columns[name])
                    file.writelines(f"{json.dumps(statement)}\n" for statement in statements)
        digest = _NO_ROWS if engine in _VOLATILE else digests[name]
        tables.append(LoadedTable(*name, structures[name], queries[name], digest, files, rows))
    document = {"schemas": schemas, "tables": [asdict(table) for table in tables]}
    (folder / _FILE).write_text(json.dumps(document))


def read_loaded_tables(folder: Path) -> LoadedTables:
    """Return the schemas and tables of the seed in a folder."""
    document = json.loads((folder / _FILE).read_bytes())
    tables = [LoadedTable(**entry) for entry in document["tables"]]
    return LoadedTables(document["schemas"], {table.table_name: table for table in tables})


def _sizes(server: Instance, schemas: Collection[str]) -> dict[TableName, int]:
    if not schemas:
        return {}
    (rows,) = server._administrator.ask(_SIZES.format(", ".join(map(literal, schemas))))
    return {(decoded(schema), decoded(name)): int(size or 0) for schema, name, size in rows}


def _files(server: Instance, name: TableName) -> list[str]:
    """Return the files with a table's rows, one for each partition.

    FLUSH TABLES ... FOR EXPORT writes a .cfg file beside each of them.
    """
    with server.network[GLOBAL]:
        before = set(server.datadir.glob("*/*.cfg"))
        try:
            server._administrator.run(f"FLUSH TABLES {qualified(name)} FOR EXPORT")
            written = set(server.datadir.glob("*/*.cfg")) - before
        finally:
            server._administrator.run("UNLOCK TABLES")
        files = [file.with_suffix(".ibd") for file in sorted(written)]
        return [str(file.relative_to(server.datadir)) for file in files if file.is_file()]


def _statements(server: Instance, name: TableName, columns: Sequence[Column]) -> Iterator[str]:
    """Yield statements that write a table's rows, in the order in which they are stored."""
    column_names = ", ".join(identifier(column.name) for column in columns)
    start = f"INSERT INTO {qualified(name)} ({column_names}) VALUES "
    values: list[str] = []
    selected = ", ".join(column.exact for column in columns) or "''"  # every column may be generated
    (rows,) = server._administrator.ask(f"SELECT {selected} FROM {qualified(name)}")
    size = 0
    for row in rows:
        values.append(f"({', '.join(_value(column, value) for column, value in zip(columns, row, strict=False))})")
        size += len(values[-1])
        if size > _LONGEST_STATEMENT:
            yield start + ",".join(values)
            values, size = [], 0
    if values:
        yield start + ",".join(values)


def _value(column: Column, value: bytes | None) -> str:
    if value is None:
        return "NULL"
    if column.is_a_number:
        return value.decode()
    return f"'{value.decode()}'" if column.is_printed else f"{'_utf8mb4 ' * column.has_characters}X'{value.hex()}'"
