"""The record of a seed: each table's structure, the digest of its rows, and the statements that write them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.seeded import Name, Thing
from pytest_netns_mysql.mysql.seed.contents import (
    Column,
    columns_of,
    definitions,
    digest_of,
    digests,
    is_versioned,
    things,
    title,
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
_LARGE = 1 << 20  # bytes; that such a table was not written is seen from its files
_MOST = 8 << 20  # bytes of a table; a fresh server is there sooner than more of them
_STATEMENT = 1 << 18  # bytes
_OF_OTHERS = ("mrg_myisam", "blackhole", "federated")  # whose rows are another table's, or nowhere
_VOLATILE = ("memory",)  # gone when the server that they were loaded into has ended
_NO_ROWS = "0 0 "


@dataclass(frozen=True)
class Table:
    """A table as it was loaded.

    Attributes:
        schema: Its schema.
        name: Its name.
        structure: Its definition.
        selected: What is to be selected for the digest of its rows.
        digest: That digest.
        files: The files of its rows in the data directory, if it is a large one.
        rows: The file with the statements that write its rows, one in each line as JSON; None where there is none.
    """

    schema: str
    name: str
    structure: str
    selected: str
    digest: str
    files: Sequence[str]
    rows: str | None


@dataclass(frozen=True)
class Record:
    """What a seed has: its schemas, and its tables by their names."""

    schemas: Sequence[str]
    tables: Mapping[Name, Table]


def record(server: Instance, folder: Path) -> None:
    """Write down what is in the users' tables of a server, which nobody uses."""
    administrator = server.administrator
    schemas = [decoded(name) for (name,) in administrator.ask(_SCHEMAS)[0]]
    bases = {one: how for one, how in _things(server, schemas).items() if one.kind == "table"}
    names = [(one.schema, one.name) for one in bases]
    if names:  # as the optimizer will find them: InnoDB counts rows some time later, if at all
        administrator.ask(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {', '.join(map(title, names))}")
    structures = definitions(administrator, bases)
    columns = columns_of(administrator, names)
    selected = {name: digest_of(name, columns[name], structures[Thing("table", *name)][0]) for name in names}
    found = digests(administrator, selected)
    sizes = _sizes(server, schemas)
    tables = []
    for place, name in enumerate(names):
        structure, _ = structures[Thing("table", *name)]
        engine = _ENGINE.search(structure)
        is_volatile = engine is not None and engine[1].lower() in _VOLATILE
        is_of_others = engine is not None and engine[1].lower() in _OF_OTHERS
        digest = _NO_ROWS if is_volatile else found[name]
        files = _files(server, name) if sizes[name] > _LARGE and engine is not None and engine[1] == "InnoDB" else ()
        rows = None
        if sizes[name] <= _MOST and not is_versioned(structure) and not is_of_others:
            rows = f"{place}.rows"
            with (folder / rows).open("w", encoding="ascii") as file:
                if engine is not None and not is_volatile:
                    file.writelines(f"{json.dumps(one)}\n" for one in _statements(server, name, columns[name]))
        tables.append(Table(*name, structure, selected[name], digest, files, rows))
    content_of_file = {"schemas": schemas, "tables": [asdict(table) for table in tables]}
    (folder / _FILE).write_text(json.dumps(content_of_file))


def _things(server: Instance, schemas: Collection[str]) -> Mapping[Thing, tuple[str, str]]:
    return things(server.administrator, schemas) if schemas else {}


def read_record(folder: Path) -> Record:
    """Return what a seed has."""
    found = json.loads((folder / _FILE).read_bytes())
    tables = (Table(**entry) for entry in found["tables"])
    return Record(found["schemas"], {(table.schema, table.name): table for table in tables})


def _sizes(server: Instance, schemas: Collection[str]) -> dict[Name, int]:
    if not schemas:
        return {}
    (rows,) = server.administrator.ask(_SIZES.format(", ".join(map(literal, schemas))))
    return {(decoded(schema), decoded(name)): int(size or 0) for schema, name, size in rows}


def _files(server: Instance, name: Name) -> list[str]:
    """Return the files of a table's rows, each partition's: beside them FLUSH TABLES ... FOR EXPORT writes others."""
    with server.network[GLOBAL]:
        before = set(server.datadir.glob("*/*.cfg"))
        try:
            server.administrator.run(f"FLUSH TABLES {title(name)} FOR EXPORT")
            written = set(server.datadir.glob("*/*.cfg")) - before
        finally:
            server.administrator.run("UNLOCK TABLES")
        files = [file.with_suffix(".ibd") for file in sorted(written)]
        return [str(file.relative_to(server.datadir)) for file in files if file.is_file()]


def _statements(server: Instance, name: Name, columns: Sequence[Column]) -> Iterator[str]:
    """Yield statements that write a table's rows, in the order in which they lie there."""
    listed = ", ".join(identifier(one.name) for one in columns)
    start = f"INSERT INTO {title(name)} ({listed}) VALUES "
    values: list[str] = []
    asked = ", ".join(one.exact for one in columns) or "''"  # all may be generated
    (rows,) = server.administrator.ask(f"SELECT {asked} FROM {title(name)}")
    size = 0
    for row in rows:
        values.append(f"({', '.join(_value(one, value) for one, value in zip(columns, row, strict=False))})")
        size += len(values[-1])
        if size > _STATEMENT:
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
