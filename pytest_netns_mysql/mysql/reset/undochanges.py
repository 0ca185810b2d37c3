"""Undoing the changes of a test on a server, each by the statements for its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.reset.endconnections import ENDING, await_ends, end_connections
from pytest_netns_mysql.mysql.reset.readstate import TABLESPACES
from pytest_netns_mysql.mysql.reset.serverchanges import Change

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.reset.serverstate import State

_TABLE_FILES = (*TABLESPACES, ".frm")  # the server itself must remove these
_LOG_VARIABLES = ("general_log", "slow_query_log", "log_output")


def undo(server: Instance, before: State, changes: list[Change]) -> dict[Change, str]:
    """Undo changes one by one, and go on if the server refuses.

    Args:
        server: The server.
        before: The complete state to go back to.
        changes: The changes since then, in the order in which they are undone.

    Returns:
        The changes that the server refused to undo, with the reason in parentheses.
    """
    refused = {}
    end_connections(server, {int(change.now or 0) for change in changes if change.kind == "connection"})
    if any(change.name in _LOG_VARIABLES for change in changes):
        changes = [*changes, Change("log", "general_log", None, ""), Change("log", "slow_log", None, "")]
    for change in changes:
        try:
            _undo_change(server, change)
        except (mysql.connector.Error, OSError) as error:
            refused[change] = f" ({error})"
    if any(change.kind == "global variable" for change in changes):
        numbers = server._administrator.close()  # the tests' session has taken over the values of the global variables
        await_ends(server, lambda open_now: any(connection.number in numbers for connection in open_now), ENDING)
    # After the schemas: dropping a schema may change the rows of its privileges.
    tables = [change for change in changes if change.kind == "table" and change.name in before.contents]
    for change in tables:
        try:
            _restore_rows(server, change.name, before.contents[change.name])
        except (mysql.connector.Error, OSError) as error:
            refused[change] = f" ({error})"
    reloads = (statement for change in tables for statement in server._dialect.contents[change.name].reload)
    for statement in dict.fromkeys(reloads):
        server._administrator.run(statement)
    return refused


def _undo_change(server: Instance, change: Change) -> None:
    """Undo a change, except for the rows of a table. A change that cannot be undone is left as it is."""
    if change.kind == "global variable":
        _set_variable(server, "GLOBAL", change.name, change.was)
    elif change.kind == "persisted variable" and change.was is not None:
        _set_variable(server, "PERSIST_ONLY", change.name, change.was)
    elif change.kind == "file":
        _remove_file(server, change)
    elif change.kind in server._dialect.undo:
        for statement in server._dialect.undo[change.kind](change.name, change.was, change.now):
            server._administrator.run(statement)


def _set_variable(server: Instance, scope: str, name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        server._administrator.run(f"SET {scope} {name} = {literal(value)}")
    except mysql.connector.Error as error:
        if error.errno != mysql.connector.errorcode.ER_WRONG_TYPE_FOR_VAR:
            raise
        server._administrator.run(f"SET {scope} {name} = {value}")  # a number


def _remove_file(server: Instance, change: Change) -> None:
    file = Path(change.name)
    if change.was is None and file.suffix not in _TABLE_FILES:
        with server.network[GLOBAL]:
            file.unlink()


def _restore_rows(server: Instance, table: str, rows: Sequence[RawRow]) -> None:
    restored, run = server._dialect.contents[table], server._administrator.run
    for statement in restored.prepare:
        run(statement)
    columns = "" if restored.columns == "*" else f" ({restored.columns})"
    run("START TRANSACTION")
    try:
        run(f"DELETE FROM {table}")
        for row in rows:
            run(f"INSERT INTO {table}{columns} VALUES ({', '.join(map(_as_sql, row))})")
    except mysql.connector.Error:
        run("ROLLBACK")
        raise
    run("COMMIT")


def _as_sql(value: bytes | None) -> str:
    return "NULL" if value is None else f"_utf8mb4 X'{value.hex()}'"
