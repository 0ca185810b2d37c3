"""Playing a round on a server, with one connection for each session."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .rounds import ADMINISTRATOR, BACKGROUND, CRUD, PREPARED, Step, X

if TYPE_CHECKING:
    from pytest_netns_mysql import MySQLServer

Run = Callable[[str], None]
_PATIENCE = "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"
_TIMEOUT = 10  # seconds for a statement that waits for a lock which knows no timeout


class Player:
    """The sessions of one round."""

    def __init__(self, server: MySQLServer) -> None:
        """Take the server. A session is opened by its first statement."""
        self._server = server
        self._sessions: dict[str, Run] = {}
        self._held: list[Any] = []
        self._threads: list[threading.Thread] = []

    def play(self, steps: Iterable[Step]) -> list[str | None]:
        """Run the steps; return the error of each step, or None. Connections stay open, as after a test."""
        errors: list[str | None] = []
        for step in steps:
            try:
                run = self._run_in(step.session)
                if step.session == BACKGROUND:
                    run = self._begin(run)
                run(step.statement)
                errors.append(None)
            except Exception as error:  # noqa: BLE001 - drivers raise what they like, and the test goes on
                errors.append(f"{type(error).__name__}: {error}")
        return errors

    def release(self) -> None:
        """Close the connections. put_back has ended them on the server."""
        for thread in self._threads:
            thread.join()
        for connection in self._held:
            with contextlib.suppress(Exception):
                connection.close()

    def _begin(self, run: Run) -> Run:
        """Return a function that starts a statement in a thread without waiting."""

        def run_quietly(statement: str) -> None:
            with contextlib.suppress(Exception):
                run(statement)

        def begin(statement: str) -> None:
            thread = threading.Thread(target=run_quietly, args=(statement,))
            thread.start()
            self._threads.append(thread)

        return begin

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
    where = "red" if name == "app" else None
    account: dict[str, Any] = {"user": "app", "password": "app"} if name == "app" else {}
    connection = server.connect(where, **{"read_timeout": _TIMEOUT, **account})
    held.append(connection)
    if name == PREPARED:
        return lambda statement: _run_prepared(connection, statement)
    return lambda statement: _run(connection, statement)


def _run_by_x(session: Any, statement: str) -> None:
    if statement.startswith(CRUD):
        _crud(session, *statement.split()[1:])
        return
    result = session.sql(statement).execute()
    if result.has_data():
        result.fetch_all()


def _run(connection: Any, statement: str) -> None:
    for result in connection.cmd_query_iter(statement):
        if "columns" in result:
            connection.get_rows(raw=True)


def _run_prepared(connection: Any, statement: str) -> None:
    with connection.cursor(prepared=True) as cursor:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()


def _crud(session: Any, verb: str, schema: str, name: str) -> None:
    """Write by requests of X Protocol other than SQL."""
    place = session.get_schema(schema)
    table = place.get_table(name)
    if verb == "insert":
        table.insert("a", "b").values(5, "crud").values(None, None).execute()
    elif verb == "delete":
        table.delete().where("true").execute()
    elif verb == "update":
        table.update().set("name", "crud").where("id < 3").execute()
    else:
        place.create_collection(name).add({"a": 1}, {"a": 2}).execute()


def _ignore(_: object) -> None:
    pass
