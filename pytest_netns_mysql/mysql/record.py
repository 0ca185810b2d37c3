"""The record of a seed: each table's structure, checksum and next number, and the statements that write its rows."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import LoadError
from pytest_netns_mysql.mysql import optionfile
from pytest_netns_mysql.mysql.quoting import identifier, literal

if TYPE_CHECKING:
    from mysql.connector.abstracts import MySQLCursorAbstract

    from pytest_netns_mysql.mysql.dialect import Dialect
    from pytest_netns_mysql.mysql.server import MySQLServer

Name = tuple[str, str]
"""A schema, and a table in it."""
Content = tuple[str, "int | None", "int | None"]
"""A table's structure, the checksum of its rows, its next number."""

_FILE = "tables.json"
_SYSTEM = "'mysql', 'sys', 'performance_schema', 'information_schema'"
_MOST = 4 << 20  # bytes of rows; a fresh server is there sooner than more of them
_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
_INTO = re.compile(r"INSERT INTO `((?:[^`]|``)+)`")


@dataclass(frozen=True)
class Table:
    """Hold what was loaded into a table.

    Shape: ``rows`` is the file with the statements that write them, one in each line; None where there is none.
    """

    schema: str
    name: str
    structure: str
    checksum: int | None
    auto_increment: int | None
    rows: str | None

    @property
    def content(self) -> Content:
        """Return what was loaded."""
        return self.structure, self.checksum, self.auto_increment


def record(server: MySQLServer, folder: Path) -> None:
    """Write down what is in the users' tables of a server; raise LoadError where its rows cannot be read."""
    with server.administrator.cursor() as cursor:
        query = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'"
        query += f" AND TABLE_SCHEMA NOT IN ({_SYSTEM}) ORDER BY 1, 2"
        bases = [(str(schema), str(name)) for schema, name in ask(cursor, query)]
        if bases:  # as the optimizer will find them: InnoDB counts rows some time later, if at all
            ask(cursor, f"ANALYZE NO_WRITE_TO_BINLOG TABLE {', '.join(map(title, bases))}")
        sums = checksums(cursor, bases)
        numbers = auto_increments(cursor, bases, server.dialect)
        fires = "SELECT DISTINCT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS"
        # A row that is written again would set a trigger off.
        plain = [name for name in bases if name not in set(ask(cursor, fires))]
        files = _dump(server, folder, plain)
        tables = [
            Table(*name, structure(cursor, name), sums[name], numbers.get(name), files.get(name)) for name in bases
        ]
    (folder / _FILE).write_text(json.dumps([asdict(table) for table in tables]))


def read_record(folder: Path) -> dict[Name, Table]:
    """Return the tables of a seed by their names."""
    tables = (Table(**entry) for entry in json.loads((folder / _FILE).read_bytes()))
    return {(table.schema, table.name): table for table in tables}


def title(name: Name) -> str:
    """Return the name as SQL takes it."""
    return f"{identifier(name[0])}.{identifier(name[1])}"


def ask(cursor: MySQLCursorAbstract, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    cursor.execute(query)
    return [tuple(row) for row in cursor.fetchall()]


def checksums(cursor: MySQLCursorAbstract, names: Collection[Name]) -> dict[Name, int | None]:
    """Return the checksum of each table's rows, in whatever order they are; None where there is no such table."""
    if not names:
        return {}
    found = ask(cursor, f"CHECKSUM TABLE {', '.join(map(title, names))}")
    return {name: checksum for name, (_, checksum) in zip(names, found, strict=True)}


def auto_increments(cursor: MySQLCursorAbstract, names: Collection[Name], dialect: Dialect) -> dict[Name, int]:
    """Return the next number of each table that has a column which counts."""
    if not names:
        return {}
    if dialect.fresh_statistics:
        cursor.execute(dialect.fresh_statistics)
    listed = ", ".join(f"({literal(schema)}, {literal(name)})" for schema, name in names)
    query = "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES"
    query += f" WHERE AUTO_INCREMENT IS NOT NULL AND (TABLE_SCHEMA, TABLE_NAME) IN ({listed})"
    return {(str(schema), str(name)): int(number) for schema, name, number in ask(cursor, query)}


def structure(cursor: MySQLCursorAbstract, name: Name) -> str:
    """Return the statement that makes a table, without its next number."""
    return _NUMBER.sub("", str(ask(cursor, f"SHOW CREATE TABLE {title(name)}")[0][1]), count=1)


def _dump(server: MySQLServer, folder: Path, names: Iterable[Name]) -> Mapping[Name, str]:
    """Write each table's rows to a file of its own; return the files' names, none where there is no mysqldump."""
    program = server.plan.kind.program("mysqldump")
    files = {name: f"{number}.rows" for number, name in enumerate(names)}
    for schema in sorted({schema for schema, _ in files} if program is not None else ()):
        command = [
            str(program),
            *optionfile.as_administrator(server),
            *("--skip-opt", "--extended-insert", "--complete-insert", "--hex-blob", *server.dialect.dump),
            *("--no-create-info", "--skip-triggers", "--no-tablespaces", "--default-character-set=utf8mb4"),
            schema,
            *(table for one, table in files if one == schema),
        ]
        with server.network[GLOBAL]:
            dumping = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        with dumping:
            if dumping.stdout is not None and dumping.stderr is not None:
                _sort(dumping.stdout, schema, {one[1]: folder / files[one] for one in files if one[0] == schema})
                said = dumping.stderr.read().strip().splitlines()
        if dumping.returncode != 0:
            raise LoadError(
                f"the rows of the schema {schema} could not be read back",
                where=command[0],
                tried=said[-3:],
                remedies=["mend what mysqldump complains of"],
            )
    return {name: file for name, file in files.items() if _is_handy(folder / file) and program is not None}


def _sort(dump: Iterable[str], schema: str, files: Mapping[str, Path]) -> None:
    """Have each table's statements in its file, each in a line: MariaDB's dump has a line for each row.

    Lines in texts are escaped, so what ends a line that begins or goes on with a statement is the dump's own.
    """
    for file in files.values():
        file.touch()
    statement = ""
    for line in dump:
        if statement or _INTO.match(line):
            statement += line
        if statement and line.endswith(");\n"):
            table = _INTO.match(statement)
            if table is not None:
                with files[table[1].replace("``", "`")].open("a", encoding="utf-8") as rows:
                    into = f"INSERT INTO {identifier(schema)}."
                    rows.write(into + statement.removeprefix("INSERT INTO ").replace("\n", "") + "\n")
            statement = ""


def _is_handy(file: Path) -> bool:
    if file.exists() and file.stat().st_size <= _MOST:
        return True
    file.unlink(missing_ok=True)
    return False
