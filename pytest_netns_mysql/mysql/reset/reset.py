"""Put back what was changed of a server: find it, undo it by the statements for its kind, verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialects.base import OF_A_CHANNEL, OF_THREADS, TRANSIENT, Dialect
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.processlist import Connection, connections
from pytest_netns_mysql.mysql.reset.reading import TABLESPACES, read
from pytest_netns_mysql.mysql.reset.state import UNKNOWN, State, same

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.seeded import Difference

Spared = Callable[[Connection], bool]
"""Returns True for a connection that is new and stays."""

_POLL = 0.0005  # seconds
CLOSING = 0.02  # seconds, for the server to notice that a connection was closed
ENDING = 2.0  # seconds, for a connection that was killed to end
_FIRST = ("super_read_only", "read_only", "offline_mode")  # while these are on nothing else can be put back
_OF_TABLES = (*TABLESPACES, ".frm")  # files that the server itself must remove
_TOOK_OVER = "it was promoted, and takes writes of its own"
_STEPPED_DOWN = "another server has taken over its writes"
_LOGS = ("general_log", "slow_query_log", "log_output")


@dataclass(frozen=True)
class Change:
    """A thing that is other than it was; ``was`` and ``now`` are None where it is not there."""

    kind: str
    name: str
    was: str | None
    now: str | None

    def __str__(self) -> str:
        what = f"{self.kind} {self.name}".replace("\0", ".").rstrip()
        if self.kind == "global variable":
            return f"{what} is {self.now}, was {self.was}"
        return f"{what} is {'new' if self.was is None else 'gone' if self.now is None else 'changed'}"


@dataclass(frozen=True)
class Reset:
    """What was found changed on a server, and what could not be put back.

    Attributes:
        found: What was found, as lines for a reader.
        stays: What of it needs a fresh server.
        is_inexact: Whether the state is to be read anew, because of some tables the rows alone were known.
        before: The state that the next test is to find, with what has been run by now.
    """

    found: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    is_inexact: bool = False
    before: State | None = None


def put_back(server: Instance, before: State, *, spared: Spared = lambda _: False) -> Reset:
    """Find what changed since ``before``, a complete state, and undo it; connections that are ``spared`` stay.

    What stays changed needs a fresh server. Raises nothing of the server's.
    """
    if not server.is_running:
        return _beyond("the server does not run")
    if tuple(server.command) != before.command:
        return _beyond("the server was restarted with other options")
    try:
        if (server.writable is server) != before.has_data:
            return _beyond(_TOOK_OVER if not before.has_data else _STEPPED_DOWN)
        server.administrator.reset()
        if server.dialect.cleanup_statements:
            server.administrator.run(*server.dialect.cleanup_statements)
        if before.names("limited account"):
            server.administrator.run(*server.dialect.unlimited)
        ended = _end_strangers(server, before, spared)
        now = read(server, known=before)
        changes = list(_changes(before, now, spared, server.dialect))
        found = [*ended, *changes]
        in_schemas = _differences(server, before, now)
        if not found and not in_schemas:
            return Reset(before=_confirmed(before, now))
        refused = _undo(server, before, changes) if changes else {}
        is_of_rows = not changes
        if server.seeded is not None and in_schemas:
            is_of_rows &= server.seeded.put_back(in_schemas, before.seeded, now.seeded)
        # The tests' session of the administrator may have begun anew, and the ended one still be listed.
        await_ends(server, lambda them: any(_new_connections(before, them, spared)), ENDING)
        after = _read_rows(server, now, in_schemas) if is_of_rows else None
        after = read(server, known=before, is_a_check=True) if after is None else after
        stays = [
            *(
                f"{one}{refused.get(one, '')}"
                for one in _changes(before, after, spared, server.dialect)
                if not _inexact(one)
            ),
            *map(str, _differences(server, before, after)),
        ]
    except (mysql.connector.Error, NetnsError, OSError, ValueError) as error:
        return _beyond(f"the server cannot be asked: {error}")
    told = [str(one) for one in found if one.kind != "host-cache entry" and not _inexact(one)]
    return Reset(
        (*told, *map(str, in_schemas)),
        tuple(stays),
        any(map(_inexact, found)),
        _confirmed(before, after),
    )


def _confirmed(before: State, now: State) -> State:
    """Return the state to compare with next, when ``now`` is like ``before``: it may be of another start."""
    if now.pid == before.pid:
        return replace(before, counters=now.counters)
    threads = {kind: now.names(kind) for kind in OF_THREADS if kind in now.rows}
    return replace(before, pid=now.pid, counters=now.counters, rows={**before.rows, **threads})


def _read_rows(server: Instance, now: State, put_back: Collection[Difference]) -> State | None:
    """Return the state after rows were put back: they alone are read; None where somebody else has written, too."""
    after = read(server, known=now)
    if server.seeded is None or after.seeded is not now.seeded:
        return None
    return replace(after, seeded=server.seeded.read_rows(now.seeded, put_back))


def _differences(server: Instance, before: State, now: State) -> list[Difference]:
    """Return what changed in the schemas that the server was loaded with."""
    return [] if server.seeded is None else server.seeded.differences(before.seeded, now.seeded)


def _beyond(why: str) -> Reset:
    return Reset((why,), (why,))


def _inexact(change: Change) -> bool:
    return change.kind == "table" and change.was == str(UNKNOWN)


def _end_strangers(server: Instance, before: State, spared: Spared) -> list[Change]:
    """End the connections that a test has left, when those that were closed have had a moment to end.

    This comes before anything is read: their locks would hold that up, and they may still be writing.
    """
    there = await_ends(server, lambda them: any(_new_connections(before, them, spared)), CLOSING)
    left = list(_new_connections(before, there, spared))
    end_connections(server, {one.number for one in left})
    return [_connection_left(one) for one in left]


def await_ends(
    server: Instance, are_there: Callable[[Iterable[Connection]], bool], timeout: float
) -> frozenset[Connection]:
    """Return the connections, when some are gone: an ended one is listed until its thread has come to it."""
    deadline = time.monotonic() + timeout
    while are_there(now := connections(server.administrator)) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return now


def _new_connections(before: State, now: Iterable[Connection], spared: Spared) -> Iterator[Connection]:
    return (one for one in now if one not in before.connections and not spared(one))


def _connection_left(connection: Connection) -> Change:
    return Change("connection", str(connection), None, str(connection.number))


def _changes(before: State, now: State, spared: Spared, dialect: Dialect) -> Iterator[Change]:
    """Yield what changed, in the order in which it is to be undone."""
    for connection in _new_connections(before, now.connections, spared):
        yield _connection_left(connection)
    for name in sorted(now.values, key=lambda one: (one not in _FIRST, one)):
        if not same(now.values[name], before.variables.get(name)):
            yield Change("global variable", name, before.variables.get(name), now.values[name])
    prepared = ({dialect.xid(row): "" for row in state.transactions} for state in (before, now))
    yield from _between("XA transaction", *prepared)
    channels = before.names("channel")
    restarted = OF_THREADS if now.pid != before.pid else ()
    for kind in dialect.undo:
        if kind in restarted:
            continue
        for change in _between(kind, before.names(kind), now.names(kind)):
            if not (kind in OF_A_CHANNEL and change.name not in channels):  # it goes with its channel
                yield change
    tables = ({**_texts(state.tables), **state.names("table")} for state in (before, now))
    yield from _between("table", *tables)
    yield from _between("file", _texts(dict(before.files)), _texts(dict(now.files)))


def _between(kind: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    for name in {**before, **now}:
        comes_or_goes = kind in TRANSIENT and (name not in now or (kind in OF_THREADS and name not in before))
        if before.get(name) != now.get(name) and not comes_or_goes:
            yield Change(kind, name, before.get(name), now.get(name))


def _texts(values: Mapping[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _undo(server: Instance, before: State, changes: list[Change]) -> dict[Change, str]:
    """Undo changes, one after the other; return why some were refused."""
    refused = {}
    end_connections(server, {int(change.now or 0) for change in changes if change.kind == "connection"})
    if any(change.name in _LOGS for change in changes):
        changes = [*changes, Change("log", "general_log", None, ""), Change("log", "slow_log", None, "")]
    for change in changes:
        try:
            _undo_one(server, change)
        except (mysql.connector.Error, OSError) as error:
            refused[change] = f" ({error})"
    if any(change.kind == "global variable" for change in changes):
        own = server.administrator.close()  # the tests' session began with the values of that time
        await_ends(server, lambda them: any(one.number in own for one in them), ENDING)
    # Last: the rows of dropped schemas' privileges are among them.
    tables = [change for change in changes if change.kind == "table" and change.name in before.contents]
    for change in tables:
        try:
            _restore_rows(server, change.name, before.contents[change.name])
        except (mysql.connector.Error, OSError) as error:
            refused[change] = f" ({error})"
    reloads = (statement for change in tables for statement in server.dialect.contents[change.name].reload)
    for statement in dict.fromkeys(reloads):
        server.administrator.run(statement)
    return refused


def end_connections(server: Instance, numbers: set[int]) -> None:
    """End connections, before anything that their locks would hold up."""
    if numbers:
        server.administrator.end_connections(numbers)
        await_ends(server, lambda now: any(one.number in numbers for one in now), ENDING)


def _undo_one(server: Instance, change: Change) -> None:
    """Undo a change of any kind but a table's rows; what cannot be undone is left as it is."""
    if change.kind == "global variable":
        _set_variable(server, "GLOBAL", change.name, change.was)
    elif change.kind == "persisted variable" and change.was is not None:
        _set_variable(server, "PERSIST_ONLY", change.name, change.was)
    elif change.kind == "file":
        _remove_file(server, change)
    elif change.kind in server.dialect.undo:
        for statement in server.dialect.undo[change.kind](change.name, change.was, change.now):
            server.administrator.run(statement)


def _set_variable(server: Instance, scope: str, name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        server.administrator.run(f"SET {scope} {name} = {literal(value)}")
    except mysql.connector.Error as error:
        if error.errno != mysql.connector.errorcode.ER_WRONG_TYPE_FOR_VAR:
            raise
        server.administrator.run(f"SET {scope} {name} = {value}")  # a number


def _remove_file(server: Instance, change: Change) -> None:
    file = Path(change.name)
    if change.was is None and file.suffix not in _OF_TABLES:
        with server.network[GLOBAL]:
            file.unlink()


def _restore_rows(server: Instance, table: str, rows: Sequence[RawRow]) -> None:
    """Write the rows of a table back."""
    kept, run = server.dialect.contents[table], server.administrator.run
    for statement in kept.prepare:
        run(statement)
    columns = "" if kept.columns == "*" else f" ({kept.columns})"
    run("START TRANSACTION")
    try:
        run(f"DELETE FROM {table}")
        for row in rows:
            run(f"INSERT INTO {table}{columns} VALUES ({', '.join(map(_as_sent, row))})")
    except mysql.connector.Error:
        run("ROLLBACK")
        raise
    run("COMMIT")


def _as_sent(value: bytes | None) -> str:
    return "NULL" if value is None else f"_utf8mb4 X'{value.hex()}'"
