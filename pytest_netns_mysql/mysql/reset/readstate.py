"""Reading the state of a server by a few cheap queries: everything, or what may have changed since an earlier state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.base import THREAD_KINDS
from pytest_netns_mysql.mysql.dialects.questions import Questions
from pytest_netns_mysql.mysql.dialects.quoting import decoded
from pytest_netns_mysql.mysql.dialects.statementcounters import (
    COUNTER_QUERIES,
    WRITING_STATEMENTS,
    StatementCounters,
)
from pytest_netns_mysql.mysql.dialects.statequeries import CHANGED_FILES, due_queries
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, listed, with_commands
from pytest_netns_mysql.mysql.mysqld.schemacontents import SchemaContents
from pytest_netns_mysql.mysql.reset import freshstate
from pytest_netns_mysql.mysql.reset.freshstate import FreshState
from pytest_netns_mysql.mysql.reset.serverstate import State, same_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

TABLESPACES = (".ibd", ".ibu")
"""The suffixes of InnoDB's files."""

# The table INNODB_TRX may be out of date: the server renews it only after a tenth of a second without a query for it.
_TRANSACTIONS = "SHOW ENGINE INNODB STATUS"
_SIGNS_OF_A_WRITER = (b"undo log entries", b"... truncated...")

_KEY_CACHE = "key cache"
# Group Replication sets these variables.
_GROUP_VARIABLES = frozenset({"read_only", "super_read_only", "auto_increment_increment", "auto_increment_offset"})


def read_state(
    server: Instance, *, known: State | None = None, as_loaded: bool = False, is_a_check: bool = False
) -> State:
    """Return the state of a server.

    If the server's statement counters prove that nothing was written since ``known``, everything that only a statement
    can change is taken from ``known``.

    Args:
        server: The server.
        known: An earlier state. The result then has only what the comparison with this state needs. Without it the
            result is complete.
        as_loaded: Whether nobody has had the time to change the data that the server was loaded with.
        is_a_check: Whether the server was just reset. Everything is then read, whatever the counters are.

    Raises:
        ServerGoneError: mysqld does not run.
        mysql.connector.Error: The server refused a query.
    """
    # Replicated data is read where it is written: on a replica, changes may still be on their way.
    has_data = server.writable is server
    ignored = server._dialect.volatile_variables | (_GROUP_VARIABLES if server._dataset is not server else frozenset())
    administrator, dialect = server._administrator, server._dialect
    of_data = [dialect.transactions] if has_data else []
    counting = [dialect.questions] if dialect.questions else []
    all_sessions, own_session, *more = administrator.ask(
        *COUNTER_QUERIES, *counting, LIST, dialect.state_query, *dialect.status_statements, *of_data
    )
    questions = Questions.of(more.pop(0)) if counting else None
    clients, objects, *more = more
    rows = _by_kind(objects)
    for parse, answer in zip(dialect.status_statements.values(), more, strict=False):
        for kind, name, text in parse(answer):
            rows.setdefault(kind, {})[name] = text
    counters = StatementCounters.of(all_sessions, own_session, administrator.disregarded)
    has_channel = "channel" in rows
    ran = None if is_a_check else _ran_since(server, known, counters, has_channel=has_channel)
    fresh = None
    if known is None and as_loaded and server._dataset is server and not has_channel:
        fresh = freshstate.recall(server)
        ran = None if fresh is None else counters.ran_since(fresh.counters)
    variables = _variables(server) if known is None else known.variables
    values, settings = _settings(server, known, ran, rows)
    files = changing_files(server)
    if ran is not None:
        # The files of a fresh server are not known: only a statement may have changed them.
        has_other_files = bool(ran) if known is None else files != known.files
        ran |= settings | (CHANGED_FILES if has_other_files else frozenset())
    checksums = _read_objects(server, known or fresh, ran, rows, has_data=has_data)
    transactions = tuple(more[-1]) if has_data else ()
    contents = {} if known is not None or not has_data else _contents(server, fresh, ran)
    as_loaded = as_loaded and counters.prove_fresh_server
    if as_loaded and fresh is None and known is None and has_data and server._dataset is server and not has_channel:
        freshstate.keep(server, FreshState(counters, rows, checksums, contents))
    # Statements in progress may have effects later, without being counted again. Events run at any time.
    is_final = not (transactions or rows.get("event") or _is_busy(server, clients))
    return State(
        pid=server.pid,
        command=tuple(server.command),
        rows=rows,
        tables=checksums,
        transactions=transactions,
        connections=listed(clients, administrator.numbers),
        files=files,
        values={name: value for name, value in values.items() if name not in ignored},
        contents=contents,
        variables=variables,
        seeded=_seeded(server, known, ran, as_loaded=as_loaded, is_a_check=is_a_check),
        counters=counters if is_final else None,
        # The threads of a replica change the server without a statement.
        questions=questions if is_final and "channel" not in rows else None,
        has_data=has_data,
    )


def _by_kind(objects: list[RawRow]) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for kind, name, value in objects:
        rows.setdefault(decoded(kind), {})[decoded(name)] = decoded(value)
    return rows


def _settings(
    server: Instance, known: State | None, ran: frozenset[str] | None, rows: dict[str, dict[str, str]]
) -> tuple[dict[str, str | None], frozenset[str]]:
    """Return the values of the global variables that may have been set, and "SET name" for each of the variables.

    The key caches are added to ``rows``: setting a variable creates a key cache.
    """
    if known is not None and _may_have_restarted(server, known):
        return _variables(server), frozenset()
    if known is not None and ran is not None and "set_option" not in ran:
        if _KEY_CACHE in known.rows:
            rows[_KEY_CACHE] = dict(known.rows[_KEY_CACHE])
        return {}, frozenset()
    set_at = {decoded(name): decoded(value) for name, value in server._administrator.ask(server._dialect.settings)[0]}
    # The server has no list of named key caches. Whoever creates one sets these variables.
    if caches := {name: value for name, value in set_at.items() if name.startswith("key_") and value}:
        rows[_KEY_CACHE] = caches
    names_set = frozenset(f"SET {name}" for name in set_at)
    if known is None:
        return {}, names_set
    ignored = server._dialect.volatile_variables
    names = [name for name in sorted(set_at) if name in known.variables and name not in ignored]
    return _values(server, names, known.variables), names_set


def changing_files(server: Instance) -> frozenset[tuple[str, int]]:
    """Return the files that only statements change. InnoDB writes to its files by itself: these have no time."""
    return frozenset((path, 0 if path.endswith(TABLESPACES) else changed) for path, changed in server._files())


def _may_have_restarted(server: Instance, known: State) -> bool:
    """Return True unless mysqld is the same process. A server that others run may have been restarted unnoticed."""
    return known.pid is None or known.pid != server.pid


def _ran_since(
    server: Instance, known: State | None, counters: StatementCounters, *, has_channel: bool
) -> frozenset[str] | None:
    """Return the names of the statements that ran since ``known`` was read, or None if nobody knows."""
    # The threads of a replica apply changes without counting them.
    if known is None or known.counters is None or _may_have_restarted(server, known) or has_channel:
        return None
    return counters.ran_since(known.counters) if server._dataset is server else None


def _read_objects(
    server: Instance,
    known: State | FreshState | None,
    ran: frozenset[str] | None,
    rows: dict[str, dict[str, str]],
    *,
    has_data: bool,
) -> dict[str, int]:
    """Add the objects of all other kinds to ``rows``; return the checksums of the system tables.

    What the statements in ``ran`` cannot have changed is taken from ``known``.
    """
    dialect = server._dialect
    before = {} if known is None else known.rows
    due = due_queries(dialect.queries, ran, before, server.version, has_data=has_data, has_channel="channel" in rows)
    if isinstance(known, FreshState):
        due |= {kind: query for kind, query in dialect.queries.items() if kind in THREAD_KINDS}
    checksums_are_due = has_data and (ran is None or not dialect.tables_after or bool(ran & dialect.tables_after))
    queries = [query.query for query in due.values()] + ([dialect.checksums] if checksums_are_due else [])
    answers = server._administrator.ask(*queries) if queries else []
    for kind in before.keys() & dialect.queries.keys() - due.keys():
        rows[kind] = dict(before[kind])
    for kind, answer in zip(due, answers, strict=False):
        if answer or kind in before:
            rows[kind] = {decoded(name): decoded(value) for name, value in answer}
    if checksums_are_due:
        return {decoded(table): int(checksum or 0) for table, checksum in answers[-1]}
    return dict(known.tables) if known is not None else {}


def _seeded(
    server: Instance, known: State | None, ran: frozenset[str] | None, *, as_loaded: bool, is_a_check: bool
) -> SchemaContents:
    """Return the contents of the schemas that the server was loaded with."""
    if server._seeded is None or server.writable is not server:
        return SchemaContents()
    if known is not None and ran is not None and not ran & WRITING_STATEMENTS and not known.seeded.has_sequences:
        return known.seeded
    return server._seeded.read(as_loaded=as_loaded, is_a_check=is_a_check)


def _is_busy(server: Instance, clients: list[RawRow]) -> bool:
    """Return True if a client runs a statement, or has an open transaction that has written."""
    commands = [command for _, command in with_commands(clients, server._administrator.numbers)]
    if not commands:
        return False
    if any(command != "Sleep" for command in commands):
        return True
    (((_, _, text),),) = server._administrator.ask(_TRANSACTIONS)
    return any(sign in (text or b"") for sign in _SIGNS_OF_A_WRITER)


def _contents(
    server: Instance, fresh: FreshState | None, ran: frozenset[str] | None
) -> Mapping[str, tuple[RawRow, ...]]:
    """Return the rows of the tables that are written back, as the server sends them."""
    if fresh is not None and ran is not None and not ran & server._dialect.tables_after:
        return fresh.contents
    tables = server._dialect.contents
    answers = server._administrator.ask(*(f"SELECT {kept.columns} FROM {table}" for table, kept in tables.items()))
    return {table: tuple(rows) for table, rows in zip(tables, answers, strict=True)}


def _variables(server: Instance) -> dict[str, str | None]:
    (rows,) = server._administrator.ask(server._dialect.variables)
    return {decoded(name): None if value is None else decoded(value) for name, value in rows}


def _values(server: Instance, names: list[str], before: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the global values of the variables that were set; of all variables, if one of them changed.

    Asking for a few variables is cheaper than reading the table of all. But setting a variable may change another, as
    super_read_only does with read_only, and a query prints some kinds of values in a way of its own.
    """
    if not names:
        return {}
    (((*answer,),),) = server._administrator.ask(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in names)}")
    values = {name: None if value is None else decoded(value) for name, value in zip(names, answer, strict=True)}
    return values if all(same_value(values[name], before[name]) for name in names) else _variables(server)
