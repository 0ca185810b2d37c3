"""The tables of a seeded server: which of them a test changed, by a cheap look, and their rows put back."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.quoting import literal
from pytest_netns_mysql.mysql.record import (
    Content,
    Name,
    Table,
    ask,
    auto_increments,
    checksums,
    read_record,
    structure,
    title,
)

if TYPE_CHECKING:
    from mysql.connector.abstracts import MySQLCursorAbstract

    from pytest_netns_mysql.mysql.server import MySQLServer

Mark = tuple[str, str, str]
"""What a mark tells of, and which schema and table, routine or trigger."""

# Not of CRC32, which is linear: the same change in two tables would go unseen.
_HASH = "LEFT(SHA2(CONCAT_WS('/', m.kind, m.place, m.name, m.value), 256), 16)"
_DIGEST = f"SELECT COUNT(*), BIT_XOR(CAST(CONV({_HASH}, 16, 10) AS UNSIGNED)) FROM ({{marks}}) m"
_OF_ROWS = ("counters", "counted", "writes")
_OF_TABLES = ("table", *_OF_ROWS)
_PARTITION = re.compile(r"#p#.*", re.IGNORECASE | re.DOTALL)
_ENCODED = re.compile(r"@([0-9a-f]{4})")
_LOCK_WAIT = 5  # seconds
_MOST = 100  # tables to truncate; a fresh server is there sooner than more of them
_AS_DUMPED = (
    f"SET SESSION lock_wait_timeout = {_LOCK_WAIT}, innodb_lock_wait_timeout = {_LOCK_WAIT}",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0",
)


@dataclass(frozen=True)
class Marks:
    """Hold what tells whether seeded tables have changed: all in ``digest``, each by itself where it is complete.

    Shape: ``foreign`` has the content of the tables that are not as they were loaded.
    """

    digest: tuple[Any, ...] = ()
    each: Mapping[Mark, str] = field(default_factory=dict)
    foreign: Mapping[Name, Content] = field(default_factory=dict)


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
        marks = self._server.dialect.marks
        return marks.format(schemas=", ".join(map(literal, schemas)), files=files) if schemas else ""

    def doubt(self) -> None:
        """Take nothing for granted any more: the server was started on other data than the seed's."""
        self._pristine = {}

    def look(self) -> Marks:
        """Return marks that tell whether anything has changed."""
        if not self._query:
            return Marks()
        with self._server.administrator.cursor() as cursor:
            ((number, code),) = ask(cursor, _DIGEST.format(marks=self._query))
            return Marks((number, code))

    def read(self) -> Marks:
        """Return complete marks; tables that may have changed since they were loaded are looked into."""
        if not self._query:
            return Marks()
        with self._server.administrator.cursor() as cursor:
            marks = ask(cursor, self._query)
            each = {(str(kind), str(place), str(name)): str(value) for kind, place, name, value in marks}
            foreign = self._foreign(cursor, _by_table(each))
            return Marks(_digest(each), each, foreign)

    def put_back(self, before: Marks) -> tuple[Marks, tuple[str, ...], tuple[str, ...]]:
        """Put back what changed since ``before``, complete marks.

        Returns the marks that hold now, and lines: what was found, and which of it stays. What stays needs a fresh
        server: a table that was altered or is gone, rows of a large table or of one with triggers.
        """
        if not before.each or self.look().digest == before.digest:
            return before, (), ()
        now = self.read()
        found = self._differences(before, now)
        if not found:
            return now, (), ()
        with self._server.administrator.cursor() as cursor:
            for statement in _AS_DUMPED:
                cursor.execute(statement)
            for difference in found:
                if difference.what == "new":
                    _run(cursor, f"DROP {difference.kind} IF EXISTS {title(difference.name)}")
            self._refill(cursor, [one.name for one in found if one.what == "changed"])
        self._server.administrator.reset()
        after = self.read()
        return after, tuple(map(str, found)), tuple(map(str, self._differences(before, after)))

    def _foreign(self, cursor: MySQLCursorAbstract, now: Mapping[Name, dict[str, str]]) -> dict[Name, Content]:
        """Return the content of the tables that are not as they were loaded, by their marks and a look into them."""
        if self._pristine is None:
            self._pristine = dict(now)
        foreign = {}
        unsure = [name for name in now if self._pristine.get(name) != now[name] or name not in self._tables]
        sums, numbers = checksums(cursor, unsure), self._numbers(cursor, unsure)
        for name in unsure:
            loaded = self._tables.get(name)
            is_altered = loaded is None or self._pristine.get(name, {}).get("table") != now[name]["table"]
            text = structure(cursor, name) if is_altered or loaded is None else loaded.structure
            content = text, sums[name], numbers.get(name)
            if loaded is not None and content == loaded.content:
                self._pristine[name] = now[name]
            else:
                foreign[name] = content
        return foreign

    def _numbers(self, cursor: MySQLCursorAbstract, names: Collection[Name]) -> dict[Name, int]:
        return auto_increments(cursor, names, self._server.dialect)

    def _differences(self, before: Marks, now: Marks) -> list[_Difference]:
        """Return what changed."""
        found = []
        for kind, place, own_name in {**now.each, **before.each}:
            mark, name = (kind, place, own_name), (place, own_name)
            if kind not in _OF_ROWS and (mark in before.each) != (mark in now.each):
                found.append(_Difference(kind, name, "gone" if mark in before.each else "new"))
            elif kind not in _OF_TABLES and before.each[mark] != now.each[mark]:
                found.append(_Difference(kind, name, "altered"))
            elif kind == "table" and before.foreign.get(name) != now.foreign.get(name):
                found.append(_Difference(kind, name, self._what(name, before, now)))
        return found

    def _what(self, name: Name, before: Marks, now: Marks) -> str:
        if name in before.foreign or name not in self._tables:
            return "changed, and a fixture of a wider scope had made it"  # so what it had is not known in full
        return "changed" if now.foreign[name][0] == self._tables[name].structure else "altered"

    def _refill(self, cursor: MySQLCursorAbstract, names: Iterable[Name]) -> None:
        """Write the rows of tables again; TRUNCATE costs more, and has a table count from 1 again."""
        tables = {name: self._tables[name] for name in names if name in self._tables and self._tables[name].rows}
        numbers = self._numbers(cursor, tables)
        counted = {name for name, table in tables.items() if numbers.get(name) != table.auto_increment}
        if len(counted) > _MOST:
            return
        for name, table in tables.items():
            _run(cursor, f"{'TRUNCATE TABLE' if name in counted else 'DELETE FROM'} {title(name)}")
            with (self._folder / str(table.rows)).open(encoding="utf-8", newline="\n") as rows:
                for statement in rows:
                    _run(cursor, statement)
        numbers = self._numbers(cursor, counted)
        for name in counted:
            if numbers.get(name) != tables[name].auto_increment:
                _run(cursor, f"ALTER TABLE {title(name)} AUTO_INCREMENT = {tables[name].auto_increment}")


def _run(cursor: MySQLCursorAbstract, statement: str) -> None:
    import mysql.connector

    with contextlib.suppress(mysql.connector.Error):  # what refuses to be undone is seen by the next look
        cursor.execute(statement)


def _digest(each: Mapping[Mark, str]) -> tuple[int, int]:
    """Return what the server makes of the same marks."""
    code = 0
    for mark, value in each.items():
        code ^= int.from_bytes(hashlib.sha256("/".join([*mark, value]).encode()).digest()[:8], "big")
    return len(each), code


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
