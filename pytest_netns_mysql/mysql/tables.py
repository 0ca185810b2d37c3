"""The tables of a seeded server: which of them a test changed, by a cheap look, and their rows put back."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.quoting import literal
from pytest_netns_mysql.mysql.record import Name, Table, ask, auto_increments, checksums, read_record, structure, title

if TYPE_CHECKING:
    from mysql.connector.abstracts import MySQLCursorAbstract

    from pytest_netns_mysql.mysql.server import MySQLServer

Mark = tuple[str, str, str]
"""What a mark tells of, and which schema and table, routine or trigger."""

# Of rows tell InnoDB's counters, the time when it last counted rows, for then these begin anew, and the handlers'
# counts. InnoDB names a table by its files, such as shop/orders#p#p0. A time of two seconds ago may come again.
_MARKS = """
SELECT 'counters' kind, SUBSTRING_INDEX(NAME, '/', 1) place, SUBSTRING_INDEX(NAME, '/', -1) name,
    CONCAT_WS(' ', TABLE_ID, MODIFIED_COUNTER, AUTOINC) value FROM information_schema.INNODB_TABLESTATS
    WHERE SUBSTRING_INDEX(NAME, '/', 1) IN ({files})
UNION ALL SELECT 'counted', database_name, table_name, last_update FROM mysql.innodb_table_stats
    WHERE database_name IN ({schemas})
UNION ALL SELECT 'writes', OBJECT_SCHEMA, OBJECT_NAME, COUNT_WRITE
    FROM performance_schema.table_io_waits_summary_by_table WHERE OBJECT_SCHEMA IN ({schemas}) AND COUNT_WRITE > 0
UNION ALL SELECT 'table', TABLE_SCHEMA, TABLE_NAME, IF(CREATE_TIME > NOW() - INTERVAL 2 SECOND, UUID(), CREATE_TIME)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({schemas}) AND TABLE_TYPE = 'BASE TABLE'
UNION ALL SELECT 'view', TABLE_SCHEMA, TABLE_NAME, CRC32(CONCAT_WS(' ', VIEW_DEFINITION, DEFINER, SECURITY_TYPE))
    FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN ({schemas})
UNION ALL SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, CREATED
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({schemas})
UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, LAST_ALTERED
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ({schemas})
UNION ALL SELECT 'schema', SCHEMA_NAME, '', CONCAT_WS(' ', DEFAULT_COLLATION_NAME, OPTIONS)
    FROM information_schema.SCHEMATA JOIN information_schema.SCHEMATA_EXTENSIONS USING (SCHEMA_NAME)
    WHERE SCHEMA_NAME IN ({schemas})"""
_DIGEST = "SELECT COUNT(*), BIT_XOR(CRC32(CONCAT_WS('/', m.kind, m.place, m.name, m.value))) FROM ({marks}) m"
_OF_ROWS = ("counters", "counted", "writes")
_OF_TABLES = ("table", *_OF_ROWS)
_PARTITION = re.compile(r"#p#.*", re.IGNORECASE | re.DOTALL)
_ENCODED = re.compile(r"@([0-9a-f]{4})")
_LOCK_WAIT = 5  # seconds
_AS_DUMPED = (
    f"SET SESSION lock_wait_timeout = {_LOCK_WAIT}, innodb_lock_wait_timeout = {_LOCK_WAIT}",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0",
)


@dataclass(frozen=True)
class Marks:
    """Hold what tells whether seeded tables have changed: all in ``digest``, each by itself where it is complete.

    Shape: ``foreign`` has the tables that are not as they were loaded, and what they are: altered or changed.
    """

    digest: tuple[Any, ...] = ()
    each: Mapping[Mark, str] = field(default_factory=dict)
    foreign: Mapping[Name, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Difference:
    kind: str
    name: Name
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(filter(None, self.name))} is {self.what}"


class SeededTables:
    """Look at the schemas that a server was loaded with, and put back what is changed in them."""

    def __init__(self, server: MySQLServer, folder: Path) -> None:
        """Keep the server, and the folder of the seed that it was started from."""
        self._server = server
        self._folder = folder
        # What the marks were when a table was as it was loaded: before anybody came, all were.
        self._pristine: dict[Name, dict[str, str]] | None = None

    @cached_property
    def _tables(self) -> dict[Name, Table]:
        return read_record(self._folder)

    @cached_property
    def _query(self) -> str:
        schemas = sorted({schema for schema, _ in self._tables})
        files = ", ".join(literal(_file_of(one)) for one in schemas)
        return _MARKS.format(schemas=", ".join(map(literal, schemas)), files=files) if schemas else ""

    def doubt(self) -> None:
        """Take nothing for granted any more: the server was started on other data than the seed's."""
        self._pristine = {}

    def look(self) -> Marks:
        """Return marks that tell whether anything has changed."""
        if not self._query:
            return Marks()
        with self._server.administrator.cursor() as cursor:
            return Marks(_digest(cursor, self._query))

    def read(self) -> Marks:
        """Return complete marks; tables that may have changed since they were loaded are looked into."""
        if not self._query:
            return Marks()
        with self._server.administrator.cursor() as cursor:
            each = {
                (str(one), str(place), str(name)): str(value) for one, place, name, value in ask(cursor, self._query)
            }
            by_table = _by_table(each)
            if self._pristine is None:
                self._pristine = by_table
            unsure = [name for name in by_table if self._pristine.get(name) != by_table[name] and name in self._tables]
            foreign = self._foreign(cursor, unsure)
            self._pristine.update((name, by_table[name]) for name in unsure if name not in foreign)
            return Marks(_digest(cursor, self._query), each, foreign)

    def put_back(self, before: Marks) -> tuple[Marks, tuple[str, ...], tuple[str, ...]]:
        """Put back what changed since ``before``, complete marks.

        Returns the marks that hold now, and lines: what was found, and which of it stays. What stays needs a fresh
        server: a table that was altered or is gone, rows of a large table or of one with triggers.
        """
        if self.look().digest == before.digest:
            return before, (), ()
        now = self.read()
        found = self._differences(before, now)
        if not found:
            return now, (), ()
        with self._server.administrator.cursor() as cursor:
            for statement in _AS_DUMPED:
                cursor.execute(statement)
            for difference in found:
                self._undo(cursor, difference)
        self._server.administrator.reset()
        after = self.read()
        return after, tuple(map(str, found)), tuple(map(str, self._differences(before, after)))

    def _foreign(self, cursor: MySQLCursorAbstract, names: Iterable[Name]) -> dict[Name, str]:
        """Return which of these tables are not as they were loaded, and what they are."""
        altered = {name: "altered" for name in names if structure(cursor, name) != self._tables[name].structure}
        others = [name for name in names if name not in altered]
        sums, numbers = checksums(cursor, others), auto_increments(cursor, others)
        loaded = {name: (self._tables[name].checksum, self._tables[name].auto_increment) for name in others}
        return altered | {name: "changed" for name in others if loaded[name] != (sums[name], numbers.get(name))}

    def _differences(self, before: Marks, now: Marks) -> list[_Difference]:
        """Return what changed, what is new first: it may hold on to the rest."""
        found = []
        for mark in {**now.each, **before.each}:
            kind, place, own_name = mark
            if kind not in _OF_ROWS and (mark in before.each) != (mark in now.each):
                found.append(_Difference(kind, (place, own_name), "gone" if mark in before.each else "new"))
            elif kind not in _OF_TABLES and before.each[mark] != now.each[mark]:
                found.append(_Difference(kind, (place, own_name), "altered"))
        were, are = _by_table(before.each), _by_table(now.each)
        for name in were:
            if name in are and were[name] != are[name]:
                own = name in self._tables and name not in before.foreign
                # What a wider fixture made, or made of a table, is not known in full.
                if what := now.foreign.get(name) if own else "changed, and a fixture of a wider scope had made it":
                    found.append(_Difference("table", name, what))
        return sorted(found, key=lambda one: one.what != "new")

    def _undo(self, cursor: MySQLCursorAbstract, difference: _Difference) -> None:
        import mysql.connector

        with contextlib.suppress(mysql.connector.Error):  # what refuses to be undone is seen by the next look
            if difference.what == "new":
                cursor.execute(f"DROP {difference.kind} IF EXISTS {title(difference.name)}")
            elif difference.what == "changed":
                for statement in self._refilling(cursor, difference.name):
                    cursor.execute(statement)

    def _refilling(self, cursor: MySQLCursorAbstract, name: Name) -> Iterator[str]:
        """Give the statements that put a table's rows back; TRUNCATE costs more, and has it count from 1 again."""
        table = self._tables[name]
        if table.rows is None:
            return
        counted = auto_increments(cursor, [name]).get(name)
        yield f"{'DELETE FROM' if counted == table.auto_increment else 'TRUNCATE TABLE'} {title(name)}"
        with (self._folder / table.rows).open(encoding="utf-8", newline="\n") as rows:
            yield from rows
        if table.auto_increment not in (None, counted, auto_increments(cursor, [name]).get(name)):
            yield f"ALTER TABLE {title(name)} AUTO_INCREMENT = {table.auto_increment}"


def _digest(cursor: MySQLCursorAbstract, marks: str) -> tuple[Any, ...]:
    return ask(cursor, _DIGEST.format(marks=marks))[0]


def _by_table(each: Mapping[Mark, str]) -> dict[Name, dict[str, str]]:
    """Return the marks of each table together, those of its partitions too."""
    found: dict[Name, dict[str, str]] = {}
    for (kind, place, name), value in each.items():
        if kind == "counters":
            place, name = (_ENCODED.sub(lambda code: chr(int(code[1], 16)), one) for one in (place, name))
        if kind in _OF_TABLES:
            plain = _PARTITION.sub("", name) if kind in ("counters", "counted") else name
            found.setdefault((place, plain), {})[f"{kind}{name.removeprefix(plain)}"] = value
    return {name: marks for name, marks in found.items() if "table" in marks}


def _file_of(schema: str) -> str:
    """Return a schema's name as its folder has it; see the manual, "Mapping of Identifiers to File Names"."""
    return re.sub(r"[^A-Za-z0-9_]", lambda letter: f"@{ord(letter[0]):04x}", schema)
