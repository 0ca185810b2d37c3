"""A server's state, read by a few cheap queries: all of it, or what may have changed since an earlier one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects import counters
from pytest_netns_mysql.mysql.dialects.catalog import FILES, WRITING, due
from pytest_netns_mysql.mysql.dialects.counters import Counters
from pytest_netns_mysql.mysql.dialects.quoting import decoded
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, listed, with_commands
from pytest_netns_mysql.mysql.mysqld.seeded import Contents
from pytest_netns_mysql.mysql.reset.state import State, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_netns_mysql.mysql.dialects.base import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

TABLESPACES = (".ibd", ".ibu")  # the names of InnoDB's files end so

# INNODB_TRX is not of this moment: it is read anew only when nobody has asked for a tenth of a second.
_TRANSACTIONS = "SHOW ENGINE INNODB STATUS"
_OF_A_WRITER = (b"undo log entries", b"... truncated...")

_KEY_CACHE = "key cache"
# What Group Replication sets.
_OF_A_GROUP = frozenset({"read_only", "super_read_only", "auto_increment_increment", "auto_increment_offset"})


def read(server: Instance, *, known: State | None = None, as_loaded: bool = False, is_a_check: bool = False) -> State:
    """Return the server's state: complete, or with ``known``, an earlier one, only what tells whether it has changed.

    Where the server's counters prove that nothing was written since ``known``, all that takes a statement to change is
    taken from there. ``as_loaded`` is for a server that nobody has had the time to change, ``is_a_check`` for one that
    was just put back, which is read whatever its counters are. Raises the server's own errors, ServerGoneError.
    """
    # What replicates is looked at where it is written: on a replica it may be on its way.
    has_data = server.writable is server
    ignored = server.dialect.volatile_variables | (_OF_A_GROUP if server.dataset is not server else frozenset())
    administrator, dialect = server.administrator, server.dialect
    of_data = [dialect.transactions] if has_data else []
    everybody, own, clients, found, *more = administrator.ask(
        *counters.QUERIES, LIST, dialect.state_query, *dialect.status_statements, *of_data
    )
    rows = _by_kind(found)
    for reader, shown in zip(dialect.status_statements.values(), more, strict=False):
        for kind_read, name_read, value_read in reader(shown):
            rows.setdefault(kind_read, {})[name_read] = value_read
    counted = Counters.of(everybody, own, administrator.disregarded)
    ran = None if is_a_check else _ran_since(server, known, counted, has_channel="channel" in rows)
    variables = _variables(server) if known is None else known.variables
    now, settings = _settings(server, known, ran, rows)
    files = _files(server)
    if ran is not None and known is not None:
        ran |= settings | (FILES if files != known.files else frozenset())
    checksums = _read_catalog(server, known, ran, rows, has_data=has_data)
    transactions = tuple(more[-1]) if has_data else ()
    return State(
        pid=server.pid or 0,
        command=tuple(server.command),
        rows=rows,
        tables=checksums,
        transactions=transactions,
        connections=listed(clients, administrator.numbers),
        files=files,
        values={name: value for name, value in now.items() if name not in ignored},
        contents=_contents(server) if known is None and has_data else {},
        variables=variables,
        seeded=_seeded(server, known, ran, as_loaded=as_loaded and counted.are_of_a_start, is_a_check=is_a_check),
        # What was counted may come to be only later; events have their own time.
        counters=None if transactions or rows.get("event") or _is_unfinished(server, clients) else counted,
        has_data=has_data,
    )


def _by_kind(found: list[RawRow]) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for kind, name, value in found:
        rows.setdefault(decoded(kind), {})[decoded(name)] = decoded(value)
    return rows


def _settings(
    server: Instance, known: State | None, ran: frozenset[str] | None, rows: dict[str, dict[str, str]]
) -> tuple[dict[str, str | None], frozenset[str]]:
    """Return the values of the global variables that may have been set, and "SET name" for each of them.

    Caches of keys, which are made by variables, are added to ``rows``.
    """
    if known is not None and known.pid != server.pid:
        return _variables(server), frozenset()  # of an earlier start: any of them may be another
    if known is not None and ran is not None and "set_option" not in ran:
        if _KEY_CACHE in known.rows:
            rows[_KEY_CACHE] = dict(known.rows[_KEY_CACHE])
        return {}, frozenset()
    set_at = {decoded(name): decoded(value) for name, value in server.administrator.ask(server.dialect.settings)[0]}
    # Of key caches that have names there is no list: those who set one set these.
    if caches := {name: value for name, value in set_at.items() if name.startswith("key_") and value}:
        rows[_KEY_CACHE] = caches
    if known is None:
        return {}, frozenset()
    ignored = server.dialect.volatile_variables
    names = [name for name in sorted(set_at) if name in known.variables and name not in ignored]
    return _values(server, names, known.variables), frozenset(f"SET {name}" for name in set_at)


def _files(server: Instance) -> frozenset[tuple[str, int]]:
    """Return the files that the server does not write to by itself; of InnoDB's, which it does, the names alone."""
    return frozenset(
        (path, 0 if path.endswith(TABLESPACES) else changed)
        for path, changed in server.files()
        if not re.search(server.dialect.ignored_files, Path(path).name)
    )


def _ran_since(server: Instance, known: State | None, counted: Counters, *, has_channel: bool) -> frozenset[str] | None:
    """Return the names of the statements that ran since ``known`` was read; None if that is not known."""
    # A replica's threads apply changes that no counter counts.
    if known is None or known.counters is None or known.pid != server.pid or has_channel:
        return None
    return counted.ran_since(known.counters) if server.dataset is server else None


def _read_catalog(
    server: Instance,
    known: State | None,
    ran: frozenset[str] | None,
    rows: dict[str, dict[str, str]],
    *,
    has_data: bool,
) -> dict[str, int]:
    """Add to ``rows`` the objects of all other kinds, and return tables' checksums.

    ``ran`` are the statements that ran since ``known`` was read, or None; what they cannot change is not read anew.
    """
    dialect = server.dialect
    before = {} if known is None else known.rows
    asked = due(dialect.queries, ran, before, server.version, has_data=has_data, has_channel="channel" in rows)
    sums_asked = has_data and (ran is None or not dialect.tables_after or bool(ran & dialect.tables_after))
    queries = [query.query for query in asked.values()] + ([dialect.checksums] if sums_asked else [])
    answers = server.administrator.ask(*queries) if queries else []
    for kind in before.keys() & dialect.queries.keys() - asked.keys():
        rows[kind] = dict(before[kind])
    for kind, answer in zip(asked, answers, strict=False):
        if answer or kind in before:
            rows[kind] = {decoded(name): decoded(value) for name, value in answer}
    if sums_asked:
        return {decoded(table): int(checksum or 0) for table, checksum in answers[-1]}
    return dict(known.tables) if known is not None else {}


def _seeded(
    server: Instance, known: State | None, ran: frozenset[str] | None, *, as_loaded: bool, is_a_check: bool
) -> Contents:
    """Return what the schemas hold that the server was loaded with; what is ``known`` where nothing was written."""
    if server.seeded is None or server.writable is not server:
        return Contents()
    if known is not None and ran is not None and not ran & WRITING and not known.seeded.has_sequences:
        return known.seeded
    return server.seeded.read(as_loaded=as_loaded, is_a_check=is_a_check)


def _is_unfinished(server: Instance, clients: list[RawRow]) -> bool:
    """Return True if a client's statement runs, or its transaction has written and is open."""
    found = [command for _, command in with_commands(clients, server.administrator.numbers)]
    if not found:
        return False
    if any(command != "Sleep" for command in found):
        return True
    (((_, _, text),),) = server.administrator.ask(_TRANSACTIONS)
    return any(words in (text or b"") for words in _OF_A_WRITER)


def _contents(server: Instance) -> dict[str, tuple[RawRow, ...]]:
    """Return the rows of grant tables and of others as the server sends them, to be written back as they are."""
    tables = server.dialect.contents
    found = server.administrator.ask(*(f"SELECT {kept.columns} FROM {table}" for table, kept in tables.items()))
    return {table: tuple(rows) for table, rows in zip(tables, found, strict=True)}


def _variables(server: Instance) -> dict[str, str | None]:
    (rows,) = server.administrator.ask(server.dialect.variables)
    return {decoded(name): None if value is None else decoded(value) for name, value in rows}


def _values(server: Instance, names: list[str], before: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the global values of the variables that were set; of all, where one of them is other than before.

    Asking for a few is cheaper than reading the table of all, but one may have moved another, as super_read_only
    does with read_only, and a query prints some kinds of values in its own way.
    """
    if not names:
        return {}
    (((*asked,),),) = server.administrator.ask(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in names)}")
    values = {name: None if one is None else decoded(one) for name, one in zip(names, asked, strict=True)}
    return values if all(same(values[name], before[name]) for name in names) else _variables(server)
