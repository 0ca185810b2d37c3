"""What a fresh server of a template is like, kept in the cache: a run need not ask each server for it again.

Reading everything takes 50 ms, since a server that has just booted has none of its system tables in memory. All servers
that boot on a copy of the same template with the same options answer alike, until a statement changes something; and
the server counts statements.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import trust
from pytest_netns_mysql.mysql.cache.draftfile import replace_file
from pytest_netns_mysql.mysql.dialects.base import THREAD_KINDS
from pytest_netns_mysql.mysql.dialects.statementcounters import StatementCounters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_FORMAT = "3"  # to be raised when another content is kept
_FOLDER = "states"
_KEPT = 20  # of the last servers, by their options
# What tests choose, and no part of the state shows.
_IRRELEVANT = ("--port=", "--bind-address=", "--admin-address=", "--admin-port=", "--loose-mysqlx", "--server-id=")
_ENCODING = "latin-1"  # has a character for each byte


class FreshState(NamedTuple):
    """What only a statement changes, as it was before any.

    Attributes:
        counters: The statements that the server itself had run.
        rows: The names and values of the objects of each kind, as in State.
        tables: The checksums of system tables.
        contents: The rows of the tables that are written back.
    """

    counters: StatementCounters
    rows: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, int]
    contents: Mapping[str, tuple[RawRow, ...]]


def recall(server: Instance) -> FreshState | None:
    """Return what a fresh server like this one was like; None if nothing is known, or this one may not be fresh."""
    file = _file(server)
    if file is None:
        return None
    try:
        trust.check(file)
        digest, _, text = file.read_text().partition("\n")
        if digest != _digest(text):
            return None  # damaged
        counts, rows, tables, contents = json.loads(text)
        contents = {table: tuple(map(_from_json, answer)) for table, answer in contents.items()}
        return FreshState(StatementCounters(counts, {}), rows, tables, contents)
    except (OSError, ValueError, RecursionError, TypeError, AttributeError, CacheError):
        return None  # it is read from the server, and written again


def keep(server: Instance, fresh: FreshState) -> None:
    """Keep for later runs what a fresh server was like; without a cache that can be written nothing happens."""
    file = _file(server)
    if file is None:
        return
    queries = server._dialect.queries
    kept = {
        kind: rows
        for kind, rows in fresh.rows.items()
        if kind in queries and queries[kind].after and kind not in THREAD_KINDS  # which differ from boot to boot
    }
    contents = {table: list(map(_to_json, rows)) for table, rows in fresh.contents.items()}
    text = json.dumps([fresh.counters.counts, kept, fresh.tables, contents])
    with contextlib.suppress(OSError, CacheError):
        trust.make(file.parent)
        replace_file(file, f"{_digest(text)}\n{text}")
        newest_first = sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for old in newest_first[_KEPT:]:
            old.unlink()


def _file(server: Instance) -> Path | None:
    """Return the file for servers that are alike when they have booted, or None for a server that may differ."""
    template = server._untouched_template
    if template is None:
        return None
    dialect, folder = server._dialect, str(server.folder)
    options = [word.replace(folder, "") for word in server.command[1:] if not word.startswith(_IRRELEVANT)]
    queries = [query.query for query in dialect.queries.values()]
    tables = [f"{kept.columns} {table}" for table, kept in dialect.contents.items()]
    parts = [_FORMAT, template.name, *options, *queries, dialect.checksums, *tables]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return server._spec.cache / _FOLDER / f"{template.name}-{key}.json"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode()).hexdigest()


def _to_json(row: Iterable[bytes | None]) -> list[str | None]:
    return [None if value is None else value.decode(_ENCODING) for value in row]


def _from_json(row: Iterable[str | None]) -> RawRow:
    return tuple(None if value is None else value.encode(_ENCODING) for value in row)
