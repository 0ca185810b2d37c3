"""The administrator of a server: the plugin's own session, and the session for tests."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from pytest_netns_mysql.mysql.mysqld.ownsession import OwnSession

if TYPE_CHECKING:
    from mysql.connector.abstracts import MySQLCursorAbstract

    from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
    from pytest_netns_mysql.mysql.mysqld.access import ServerAccess
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

_PATIENCE_FOR_TESTS = 600  # seconds without an answer, for a statement of a test or of a file that is loaded


class Administrator(OwnSession):
    """The administrator of a server, who can log in whatever endpoints and accounts the server has.

    The administrator has two sessions, each opened when it is first needed. The plugin uses its own session (``run``,
    ``ask``), which never sees a test's statement. The statements of tests (``execute``, ``cursor``) run in the other
    session, which ``reset`` cleans. Threads that call ``execute`` at the same time take turns, too.

    Attributes:
        is_used: Whether a test has run a statement in the session for tests since the last ``reset``.
    """

    def __init__(self, access: ServerAccess, kind: Kind, *, timeout: float) -> None:
        """Take the access to a server, its kind, and the timeout of a login in seconds; nothing is opened."""
        super().__init__(access, kind, timeout=timeout)
        self._turn_of_tests = threading.RLock()  # a thread that has both turns took this one first
        self._tests: NamespaceConnection | None = None
        self.is_used: bool = False

    def execute(self, statement: str, *values: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run a statement of a test in the session for tests.

        Returns:
            The names of the columns, and the rows; of several results, those of the first.

        Raises:
            ServerGoneError: mysqld does not run. The server's own errors are raised, too.
        """
        with self._turn_of_tests, self.cursor() as cursor:
            cursor.execute(statement, values)
            names = tuple(str(column[0]) for column in cursor.description or ())
            rows = [tuple(row) for row in cursor.fetchall()] if names else []
            while cursor.nextset():  # the further results of a procedure
                if cursor.description:
                    cursor.fetchall()
            return names, rows

    @contextlib.contextmanager
    def cursor(self) -> Iterator[MySQLCursorAbstract]:
        """Yield a cursor of the session for tests, which is opened again if it was ended.

        Raises ServerGoneError if mysqld does not run.
        """
        import mysql.connector

        self._access.check_running()
        self.drop_spare()
        with self._turn_of_tests:
            connection = self._tests
            if connection is None or not connection._is_silent():
                connection = self._tests = cast("NamespaceConnection", self._open())
            connection.read_timeout = self._patience
            try:
                with self._raise_if_server_died(connection):
                    cursor = connection.cursor()  # this pings the server
            except mysql.connector.OperationalError as error:
                self._tests = None
                raise self._silent_error(self._patience) from error
            connection.read_timeout = _PATIENCE_FOR_TESTS
            self.is_used = True
        try:
            with self._raise_if_server_died(connection):
                yield cursor
        except BaseException:
            with contextlib.suppress(mysql.connector.Error):  # the block's own error matters more
                cursor.close()
            raise
        cursor.close()

    def _drop(self, connection: NamespaceConnection) -> None:
        super()._drop(connection)
        if connection is self._tests:
            self._tests = None

    def _connected(self) -> NamespaceConnection:
        """Open the plugin's own session; close the session for tests if the administrator may have only one session."""
        import mysql.connector

        try:
            return cast("NamespaceConnection", self._open())
        except mysql.connector.Error:
            if not self.close():
                raise
            return cast("NamespaceConnection", self._open())

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of both sessions' connections in SHOW PROCESSLIST."""
        return frozenset(session.connection_id or 0 for session in (self._own, self._tests) if session is not None)

    def reset(self) -> None:
        """Clean the session for tests: variables, temporary tables, locks, a transaction, the selected schema.

        While a thread waits for an answer in it, the session is dropped as it is: the test has left it open.
        """
        if self._turn_of_tests.acquire(blocking=False):
            try:
                self._reset()
            finally:
                self._turn_of_tests.release()
        else:
            self._tests = None
        self.is_used = False

    def _reset(self) -> None:
        connection = self._tests
        if self.is_used and connection is not None:
            import mysql.connector

            selected: list[Any] = []
            # A killed connection may look open for a moment.
            with contextlib.suppress(mysql.connector.Error), self._raise_if_server_died(connection):
                if connection._is_silent():
                    sent = connection._queries
                    connection.cmd_reset_connection()
                    # The driver sets the session's character set and autocommit again.
                    self.disregarded["Com_set_option"] += connection._queries - sent
                    connection.cmd_query("SELECT DATABASE()")
                    selected, _ = connection.get_rows()
            if selected != [(None,)]:  # a reset keeps the selected schema, see the manual
                connection.close()
                self._tests = None

    def close(self) -> frozenset[int]:
        """Close the session for tests, unless a thread waits for an answer in it.

        Returns:
            The number of the connection that was closed, which the server may still list for a moment.
        """
        if not self._turn_of_tests.acquire(blocking=False):
            return frozenset()
        try:
            connection, self._tests, self.is_used = self._tests, None, False
            if connection is None or not connection._is_silent():
                return frozenset()
            number = connection.connection_id or 0
            connection.close()
            return frozenset({number})
        finally:
            self._turn_of_tests.release()

    def forget(self) -> None:
        """Drop both sessions without a farewell to the server, which may hang."""
        self._own = self._tests = None
        self.disregarded.clear()
