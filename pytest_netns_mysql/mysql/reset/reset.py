"""The reset of a server after a test: find what changed, undo the changes, and verify the result."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialects.base import THREAD_KINDS
from pytest_netns_mysql.mysql.reset.endconnections import CLOSING, ENDING, await_ends, end_connections
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.serverchanges import (
    Change,
    IsSpared,
    describe,
    find_changes,
    new_connection,
    new_connections,
)
from pytest_netns_mysql.mysql.reset.serverstate import State
from pytest_netns_mysql.mysql.reset.undochanges import undo

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.seeded import SchemaChange

_PROMOTED = "the replica was promoted, and takes writes of its own"
_DEMOTED = "another server has taken over the writes"


@dataclass(frozen=True)
class ResetResult:
    """The result of resetting a server.

    Attributes:
        found: What was changed, as lines for a report.
        stays: What could not be undone and needs a fresh server, as lines for a report.
        is_inexact: Whether the state to go back to must be read again. For some tables only the rows were known.
        before: The state to go back to after the next test. It has the server's current statement counters.
        dropped: The new schemas and tables that were dropped, each as schema and table; the table is '' for a schema.
    """

    found: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    is_inexact: bool = False
    before: State | None = None
    dropped: tuple[tuple[str, str], ...] = ()


def put_back(server: Instance, before: State, *, is_spared: IsSpared = lambda _: False) -> ResetResult:
    """Find what changed on a server, undo it, and verify that nothing is changed any more.

    Errors of the server are not raised. They are part of the result.

    Args:
        server: The server.
        before: The complete state to go back to.
        is_spared: Returns True for a new connection that must stay open.

    Returns:
        What was found, and what needs a fresh server.
    """
    if not server.is_running:
        return _needs_fresh_server("the server does not run")
    if tuple(server.command) != before.command:
        return _needs_fresh_server("the server was restarted with other options")
    try:
        if (server.writable is server) != before.has_data:
            return _needs_fresh_server(_DEMOTED if before.has_data else _PROMOTED)
        return _put_back(server, before, is_spared)
    except (mysql.connector.Error, NetnsError, OSError, ValueError) as error:
        return _needs_fresh_server(f"the server cannot be asked: {error}")


def _put_back(server: Instance, before: State, is_spared: IsSpared) -> ResetResult:
    _prepare(server, before)
    ended = _end_new_connections(server, before, is_spared)
    now = read_state(server, known=before)
    changes = list(find_changes(before, now, is_spared, server._dialect))
    in_schemas = _schema_changes(server, before, now)
    if not ended and not changes and not in_schemas:
        return ResetResult(before=_next_state(before, now))
    found = [*describe(server, before, [*ended, *changes]), *map(str, in_schemas)]
    refused = undo(server, before, changes) if changes else {}
    only_rows = not changes
    if server._seeded is not None and in_schemas:
        only_rows &= server._seeded.put_back(in_schemas, before.seeded, now.seeded)
    # The administrator may have a new session, and the server may still list the old one.
    await_ends(server, lambda open_now: any(new_connections(before, open_now, is_spared)), ENDING)
    after = _read_after_rows(server, now, in_schemas) if only_rows else None
    after = read_state(server, known=before, is_a_check=True) if after is None else after
    stays = [
        f"{change}{refused.get(change, '')}"
        for change in find_changes(before, after, is_spared, server._dialect)
        if not change.is_undefined
    ]
    stays += map(str, _schema_changes(server, before, after))
    is_inexact = any(change.is_undefined for change in changes)
    return ResetResult(
        tuple(found), tuple(stays), is_inexact, _next_state(before, after), _dropped(changes, in_schemas)
    )


def _dropped(changes: Iterable[Change], in_schemas: Iterable[SchemaChange]) -> tuple[tuple[str, str], ...]:
    """Return the schemas and the tables that were new, each as schema and table; the table is '' for a schema."""
    schemas = [(change.name, "") for change in changes if change.kind == "schema" and change.was is None]
    objects = [change.object for change in in_schemas if change.what == "new"]
    return (*schemas, *(found.table_name for found in objects if found.kind in ("table", "view")))


def _prepare(server: Instance, before: State) -> None:
    server._administrator.reset()
    if server._dialect.cleanup_statements:
        server._administrator.run(*server._dialect.cleanup_statements)
    if before.names("limited account"):
        server._administrator.run(*server._dialect.unlimited)


def _next_state(before: State, now: State) -> State:
    """Return the state to go back to after the next test. The server may have been restarted meanwhile."""
    before = replace(before, counters=now.counters, questions=now.questions)
    if now.pid == before.pid:
        return before
    threads = {kind: now.names(kind) for kind in THREAD_KINDS if kind in now.rows}
    return replace(before, pid=now.pid, rows={**before.rows, **threads})


def _read_after_rows(server: Instance, now: State, put_back: Collection[SchemaChange]) -> State | None:
    """Return the state after rows of seeded tables were put back. Of the seeded tables only these are read.

    Returns None if somebody else wrote in the meantime.
    """
    after = read_state(server, known=now)
    if server._seeded is None or after.seeded is not now.seeded:
        return None
    return replace(after, seeded=server._seeded.read_rows(now.seeded, put_back))


def _schema_changes(server: Instance, before: State, now: State) -> list[SchemaChange]:
    """Return what changed in the schemas that the server was loaded with."""
    return [] if server._seeded is None else server._seeded.changes(before.seeded, now.seeded)


def _needs_fresh_server(why: str) -> ResetResult:
    return ResetResult((why,), (why,))


def _end_new_connections(server: Instance, before: State, is_spared: IsSpared) -> list[Change]:
    """End the connections that a test left open; return them as changes.

    Connections that the test has just closed get a moment to end. This comes before the state is read: the locks of the
    connections would block the reading, and the connections may still write.
    """
    open_now = await_ends(server, lambda now: any(new_connections(before, now, is_spared)), CLOSING)
    left = list(new_connections(before, open_now, is_spared))
    end_connections(server, {connection.number for connection in left})
    return [new_connection(connection) for connection in left]
