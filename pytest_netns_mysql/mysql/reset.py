"""Put back what was changed of a server: find it, undo it by the statements for its kind, verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialect import OF_A_CHANNEL, OF_THREADS, TRANSIENT, Dialect
from pytest_netns_mysql.mysql.quoting import literal
from pytest_netns_mysql.mysql.state import TABLESPACES, UNKNOWN, Connection, State, connections, read, same

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialect import RawRow
    from pytest_netns_mysql.mysql.server import MySQLServer

_LOCK_WAIT = 5  # seconds
_POLL = 0.0005  # seconds
_CLOSING = 0.02  # seconds
_ENDING = 2.0  # seconds
_FIRST = ("super_read_only", "read_only", "offline_mode")  # while these are on nothing else can be put back
_OF_TABLES = (*TABLESPACES, ".frm")  # files that the server itself must remove
_LOGS = ("general_log", "slow_query_log", "log_output")


@dataclass(frozen=True)
class Change:
    """Tell one thing that is other than it was; ``was`` and ``now`` are None where it is not there."""

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
    """Tell what was found changed, and which of it could not be put back, as lines for a reader.

    Where it ``is_inexact``, the state is to be read anew: of some tables the rows alone were known. ``before`` is the
    state that the next test is to find, where that is another: rows that are written back are counted.
    """

    found: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    is_inexact: bool = False
    before: State | None = None


def put_back(server: MySQLServer, before: State, *, spared: frozenset[str] = frozenset()) -> Reset:
    """Find what changed since ``before``, a complete state, and undo it; connections of ``spared`` users stay.

    What stays changed needs a fresh server. Where nothing changed it costs 1 to 2 ms. Raises nothing of the server's.
    """
    if not server.is_running:
        return _beyond("the server does not run")
    if tuple(server.command) != before.command:
        return _beyond("the server was restarted with other options")
    try:
        server.administrator.reset()
        if server.dialect.unseen:
            server.administrator.run(*server.dialect.unseen)
        if before.names("limited account"):
            server.administrator.run(*server.dialect.unlimited)
        found, now = _settled(server, before, spared)
        refused = _undo(server, before, found) if found else {}
        before, rows, stay = _put_back_seeded(server, before)
        if not found:
            return Reset(rows, stay, before=_confirmed(before, now))
        server.administrator.reset()
        now = read(server, known=replace(before, counters={}))
        after = list(_changes(before, now, spared, server.dialect))
        stays = [f"{one}{refused.get(one, '')}" for one in after if not _inexact(one)]
    except (mysql.connector.Error, NetnsError, OSError) as error:
        return _beyond(f"the server cannot be asked: {error}")
    return Reset(
        (*(str(one) for one in found if one.kind != "host-cache entry" and not _inexact(one)), *rows),
        (*stays, *stay),
        any(map(_inexact, found)),
        _confirmed(before, now),
    )


def _confirmed(before: State, now: State) -> State:
    """Return the state to compare with next, when ``now`` is like ``before``: it may be of another start."""
    if now.pid == before.pid:
        return replace(before, counters=now.counters)
    threads = {kind: now.names(kind) for kind in OF_THREADS if kind in now.rows}
    return replace(before, pid=now.pid, counters=now.counters, rows={**before.rows, **threads})


def _put_back_seeded(server: MySQLServer, before: State) -> tuple[State, tuple[str, ...], tuple[str, ...]]:
    """Put back the schemas that the server was loaded with; return the state now, what was found, what stays."""
    if server.seeded is None or server.writable is not server:
        return before, (), ()
    marks, found, stays = server.seeded.put_back(before.seeded)
    return replace(before, seeded=marks), found, stays


def _beyond(why: str) -> Reset:
    return Reset((why,), (why,))


def _inexact(change: Change) -> bool:
    return change.kind == "table" and change.was == str(UNKNOWN)


def _settled(server: MySQLServer, before: State, spared: frozenset[str]) -> tuple[list[Change], State]:
    """Return what changed, and the state, when connections that were closed have had a moment to end."""
    now = read(server, known=before)
    if any(_new_connections(before, now.connections, spared)):
        _await_ends(server, lambda there: any(_new_connections(before, there, spared)), _CLOSING)
        now = read(server, known=before)
    return list(_changes(before, now, spared, server.dialect)), now


def _await_ends(server: MySQLServer, are_there: Callable[[Iterable[Connection]], bool], timeout: float) -> None:
    """Wait while some connections are there: an ended one is listed until its thread has come to it."""
    deadline = time.monotonic() + timeout
    while are_there(connections(server)) and time.monotonic() < deadline:
        time.sleep(_POLL)


def _new_connections(before: State, now: Iterable[Connection], spared: frozenset[str]) -> Iterator[Connection]:
    return (one for one in now if one not in before.connections and one.user not in spared)


def _changes(before: State, now: State, spared: frozenset[str], dialect: Dialect) -> Iterator[Change]:
    """Give what changed, in the order in which it is to be undone."""
    for connection in _new_connections(before, now.connections, spared):
        yield Change("connection", f"{connection.number} of {connection.user}", None, str(connection.number))
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


def _undo(server: MySQLServer, before: State, changes: list[Change]) -> dict[Change, str]:
    """Undo changes, one after the other; return why some were refused."""
    refused = {}
    _end_connections(server, {int(change.now or 0) for change in changes if change.kind == "connection"})
    settings = {"lock_wait_timeout": str(_LOCK_WAIT), **server.dialect.session}
    server.execute(f"SET SESSION {', '.join(f'{name} = {value}' for name, value in settings.items())}")
    if any(change.name in _LOGS for change in changes):
        changes = [*changes, Change("log", "general_log", None, ""), Change("log", "slow_log", None, "")]
    for change in changes:
        try:
            _undo_one(server, change)
        except (mysql.connector.Error, OSError) as error:
            refused[change] = f" ({error})"
    # Last: the rows of dropped schemas' privileges are among them.
    tables = [change for change in changes if change.kind == "table" and change.name in before.contents]
    for change in tables:
        try:
            _restore_rows(server, change.name, before.contents[change.name])
        except (mysql.connector.Error, OSError) as error:
            refused[change] = f" ({error})"
    reloads = (statement for change in tables for statement in server.dialect.contents[change.name].reload)
    for statement in dict.fromkeys(reloads):
        server.execute(statement)
    return refused


def _end_connections(server: MySQLServer, numbers: set[int]) -> None:
    """End connections, before anything that their locks would hold up."""
    if numbers:
        server.administrator.end_connections(numbers)
        _await_ends(server, lambda now: any(one.number in numbers for one in now), _ENDING)


def _undo_one(server: MySQLServer, change: Change) -> None:
    """Undo a change of any kind but a table's rows; what cannot be undone is left as it is."""
    if change.kind == "global variable":
        _set_variable(server, "GLOBAL", change.name, change.was)
    elif change.kind == "persisted variable" and change.was is not None:
        _set_variable(server, "PERSIST_ONLY", change.name, change.was)
    elif change.kind == "file":
        _remove_file(server, change)
    elif change.kind in server.dialect.undo:
        for statement in server.dialect.undo[change.kind](change.name, change.was, change.now):
            server.execute(statement)


def _set_variable(server: MySQLServer, scope: str, name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        server.execute(f"SET {scope} {name} = {literal(value)}")
    except mysql.connector.Error as error:
        if error.errno != mysql.connector.errorcode.ER_WRONG_TYPE_FOR_VAR:
            raise
        server.execute(f"SET {scope} {name} = {value}")  # a number


def _remove_file(server: MySQLServer, change: Change) -> None:
    file = Path(change.name)
    if change.was is None and file.suffix not in _OF_TABLES:
        with server.network[GLOBAL]:
            file.unlink()


def _restore_rows(server: MySQLServer, table: str, rows: Sequence[RawRow]) -> None:
    """Write the rows of a table back."""
    kept = server.dialect.contents[table]
    for statement in kept.prepare:
        server.execute(statement)
    columns = "" if kept.columns == "*" else f" ({kept.columns})"
    server.execute("START TRANSACTION")
    server.execute(f"DELETE FROM {table}")
    for row in rows:
        server.execute(f"INSERT INTO {table}{columns} VALUES ({', '.join(map(_as_sent, row))})")
    server.execute("COMMIT")


def _as_sent(value: bytes | None) -> str:
    return "NULL" if value is None else f"_utf8mb4 X'{value.hex()}'"
