"""Rounds played on a server, each session by a connection of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .rounds import ADMINISTRATOR, X, Step

if TYPE_CHECKING:
    from pytest_netns_mysql import MySQLServer

Run = Callable[[str], None]
_PATIENCE = "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"


class Player:
    """The sessions of one round."""

    def __init__(self, server: MySQLServer) -> None:
        """Open no session before the first statement of it."""
        self._server = server
        self._sessions: dict[str, Run] = {}
        self._held: list[Any] = []

    def play(self, steps: Iterable[Step]) -> list[str | None]:
        """Run the steps; return the error of each, or None. Connections stay open, as a test may leave them."""
        errors: list[str | None] = []
        for step in steps:
            try:
                self._run_in(step.session)(step.statement)
                errors.append(None)
            except Exception as error:  # noqa: BLE001 - drivers raise what they like, and the test goes on
                errors.append(f"{type(error).__name__}: {error}")
        return errors

    def release(self) -> None:
        """Close the connections, which put_back has ended."""
        for connection in self._held:
            with contextlib.suppress(Exception):
                connection.close()

    def _run_in(self, session: str) -> Run:
        if session not in self._sessions:
            self._sessions[session] = _session(self._server, session, self._held)
            with contextlib.suppress(Exception):
                self._sessions[session](_PATIENCE)
        return self._sessions[session]


def _session(server: MySQLServer, name: str, held: list[Any]) -> Run:
    if name == ADMINISTRATOR:
        return lambda statement: _ignore(server.execute(statement))
    if name == X:
        session = server.connect("red", driver="mysqlx", user="app", password="app")
        held.append(session)
        return lambda statement: _run_by_x(session, statement)
    if name == "app":
        connection = server.connect("red", user="app", password="app")
    else:
        connection = server.connect()
    held.append(connection)
    return lambda statement: _run(connection, statement)


def _run_by_x(session: Any, statement: str) -> None:
    result = session.sql(statement).execute()
    if result.has_data():
        result.fetch_all()


def _run(connection: Any, statement: str) -> None:
    for result in connection.cmd_query_iter(statement):
        if "columns" in result:
            connection.get_rows(raw=True)


def _ignore(_: object) -> None:
    pass
