"""The administrator's two sessions on a server: the plugin's own session, and the session for tests."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from pytest_netns_mysql.errors import ClientError, ServerGoneError
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from mysql.connector.abstracts import MySQLCursorAbstract

    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
    from pytest_netns_mysql.mysql.drivers.driver import Driver
    from pytest_netns_mysql.mysql.mysqld.access import ServerAccess
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.mysql.mysqld.spare import SpareAccount

_LOST = (-1, 2006, 2013, 2055)  # CR_SERVER_GONE_ERROR and its like; the driver's own "not available" has no number
_WHO = "the administrator"
_LEAST_PATIENCE = 60  # seconds
_PATIENCE_FOR_TESTS = 600  # seconds without an answer, for a statement of a test or of a file that is loaded


class Administrator:
    """The administrator of a server, who can log in whatever endpoints and accounts the server has.

    The administrator has two sessions, each opened when it is first needed. The plugin uses its own session (``run``,
    ``ask``), which always has the same modes and limits and never sees a test's statement. The statements of tests
    (``execute``, ``cursor``) run in the other session, which ``reset`` cleans.

    Attributes:
        disregarded: How often sessions that the statement counters leave out ran each kind of statement.
        spare: An account that is kept for the next test.
        is_used: Whether a test has run a statement in the session for tests since the last ``reset``.
    """

    def __init__(self, access: ServerAccess, kind: Kind, *, timeout: float) -> None:
        """Take the access to a server, its kind, and the timeout of a login in seconds; nothing is opened."""
        self._access = access
        self._own: NamespaceConnection | None = None
        self._is_prepared = False
        self._tests: NamespaceConnection | None = None
        self.is_used: bool = False
        self.disregarded: Counter[str] = Counter()
        self.spare: SpareAccount | None = None
        self._kind = kind
        # In whole seconds. The plugin's own queries are fast; a test's statement may take long.
        self._patience = max(_LEAST_PATIENCE, int(timeout))
        self._common = {"autocommit": True, "connection_timeout": max(1, int(timeout))}

    @property
    def _dialect(self) -> Dialect:
        return self._kind.dialect  # which is imported while the server boots

    @property
    def _options(self) -> dict[str, Any]:
        return {**self._common, **self._access.administration}

    def answers(self) -> bool:
        """Return True if the server accepts a login, whose connection becomes the plugin's own session."""
        from pytest_netns_mysql.mysql.drivers.connector import try_connect

        if self._own is None and self._access.may_answer():
            self._is_prepared = False
            self._own = try_connect(self._access.home, **self._dialect.connection, **self._options)
            self._access.clients.note(self._own, _WHO)
        return self._own is not None

    def connect(self, driver: Driver | None = None, **options: Any) -> Any:
        """Open a connection for the caller, who closes it.

        Args:
            driver: The driver, as for netns_connect, except X DevAPI.
            options: mysql.connector's options for any driver, or the driver's own.

        Raises:
            ServerGoneError: mysqld does not run.
            ClientError: The options do not fit the driver; the driver raises its own errors beside that.
        """
        self.drop_spare()
        return self._open(driver, **options)

    def _open(self, driver: Driver | None = None, **options: Any) -> Any:
        from pytest_netns_mysql.mysql.drivers.registry import find

        self._access.check_running()
        found = find(driver)
        if found.endpoint_kind == "mysqlx":
            raise ClientError(
                "the administrator's private socket does not support the X Protocol",
                remedies=["name a namespace and an account: connect('red', driver='mysqlx', user=...)"],
            )
        with self._access.raise_if_server_died():
            common = self._dialect.common(driver, options)
            # The names of common options differ between drivers: an unknown driver keeps its own defaults.
            own = self._options if found.has_known_options else dict(self._access.administration)
            connection = found.connect(self._access.home, {**common, **own, **found.with_common_names(options)})
        self._access.clients.note(connection, _WHO)
        return connection

    def execute(self, statement: str, *values: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run a statement of a test in the session for tests.

        Returns:
            The names of the columns, and the rows; of several results, those of the first.

        Raises:
            ServerGoneError: mysqld does not run. The server's own errors are raised, too.
        """
        with self.cursor() as cursor:
            cursor.execute(statement, values)
            names = tuple(str(column[0]) for column in cursor.description or ())
            rows = [tuple(row) for row in cursor.fetchall()] if names else []
            while cursor.nextset():  # the further results of a procedure
                if cursor.description:
                    cursor.fetchall()
            return names, rows

    def run(self, *statements: str) -> None:
        """Run statements without rows in one round trip, in the plugin's own session, until a statement fails.

        Raises ServerGoneError if mysqld does not run, and the server's own errors.
        """
        self.ask(*statements)

    def run_each(self, *statements: str) -> Iterator[list[RawRow]]:
        """Run statements in one round trip, in the plugin's own session; yield the undecoded rows of each.

        Raises ServerGoneError if mysqld does not run, and the server's own errors after the results before.
        """
        connection = self._ready()
        with self._raise_if_server_died(connection):
            for result in connection.cmd_query_iter("; ".join(statements)):
                yield connection.get_rows(raw=True)[0] if "columns" in result else []

    def ask(self, *queries: str) -> list[list[RawRow]]:
        """Run queries in one round trip, in the plugin's own session.

        Returns the undecoded rows of each query. The errors are those of ``run``.
        """
        return list(self.run_each(*queries))

    @contextlib.contextmanager
    def cursor(self) -> Iterator[MySQLCursorAbstract]:
        """Yield a cursor of the session for tests, which is opened again if it was ended.

        Raises ServerGoneError if mysqld does not run.
        """
        import mysql.connector

        self._access.check_running()
        self.drop_spare()
        connection = self._tests
        if connection is None or not connection.is_silent():
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

    @contextlib.contextmanager
    def _raise_if_server_died(self, connection: NamespaceConnection) -> Iterator[None]:
        """Run a block; raise ServerGoneError if its connection is lost because mysqld ended or does not answer."""
        import mysql.connector

        try:
            yield
        except mysql.connector.errors.ReadTimeoutError as error:
            self._drop(connection)
            raise self._silent_error(connection.read_timeout) from error
        except mysql.connector.Error as error:
            if error.errno not in _LOST:
                raise
            with self._access.raise_if_server_died():
                raise

    def _drop(self, connection: NamespaceConnection) -> None:
        if connection is self._own:
            self._own = None
        else:
            self._tests = None

    def _silent_error(self, waited: int | None) -> ServerGoneError:
        return self._access.silent_error(f"a statement of the administrator for {waited} seconds")

    def _ready(self) -> NamespaceConnection:
        """Return the plugin's own session, with a limit for the time of a read."""
        self._access.check_running()
        connection = self._own
        if connection is None or not connection.is_silent():
            self._is_prepared = False
            connection = self._own = self._connected()
        connection.read_timeout = self._patience
        if not self._is_prepared:
            with self._raise_if_server_died(connection):
                list(connection.cmd_query_iter("; ".join(self._dialect.session)))
            self._is_prepared = True
        return connection

    def _connected(self) -> NamespaceConnection:
        """Open the plugin's own session; close the session for tests if the administrator may have only one session."""
        import mysql.connector

        try:
            return cast("NamespaceConnection", self._open())
        except mysql.connector.Error:
            if not self.close():
                raise
            return cast("NamespaceConnection", self._open())

    def drop_spare(self) -> None:
        """Drop the account that is kept for the next test, before anybody else can see it."""
        spare, self.spare = self.spare, None
        if spare is not None:
            self.run(*spare.dropping)

    def usual(self) -> None:
        """Restore the modes and limits of the plugin's own session, after statements that changed them."""
        self.run(*self._dialect.session)

    @property
    def account(self) -> dict[str, str]:
        """The administrator's user and password."""
        return {name: str(self._options[name]) for name in ("user", "password")}

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of both sessions' connections in SHOW PROCESSLIST."""
        return frozenset(session.connection_id or 0 for session in (self._own, self._tests) if session is not None)

    def reset(self) -> None:
        """Clean the session for tests: variables, temporary tables, locks, a transaction, the selected schema."""
        connection = self._tests
        if self.is_used and connection is not None:
            import mysql.connector

            selected: list[Any] = []
            # A killed connection may look open for a moment.
            with contextlib.suppress(mysql.connector.Error), self._raise_if_server_died(connection):
                if connection.is_silent():
                    sent = connection.queries
                    connection.cmd_reset_connection()
                    # The driver sets the session's character set and autocommit again.
                    self.disregarded["Com_set_option"] += connection.queries - sent
                    connection.cmd_query("SELECT DATABASE()")
                    selected, _ = connection.get_rows()
            if selected != [(None,)]:  # a reset keeps the selected schema, see the manual
                connection.close()
                self._tests = None
        self.is_used = False

    def end_connections(self, numbers: Iterable[int]) -> None:
        """End the connections with these numbers; a connection that has already ended is ignored."""
        import mysql.connector

        for number in numbers:
            try:
                self.run(f"KILL {number}")
            except mysql.connector.Error as error:
                if error.errno != mysql.connector.errorcode.ER_NO_SUCH_THREAD:
                    raise

    def disregard(self, counts: Iterable[RawRow]) -> None:
        """Add a session's statement counts to ``disregarded``."""
        for name, count in counts:
            self.disregarded[decoded(name)] += int(count or 0)

    def close(self) -> frozenset[int]:
        """Close the session for tests; return the connection's number, which the server may still list for a moment."""
        connection, self._tests, self.is_used = self._tests, None, False
        if connection is None or not connection.is_silent():
            return frozenset()
        number = connection.connection_id or 0
        connection.close()
        return frozenset({number})

    def forget(self) -> None:
        """Drop both sessions without a farewell to the server, which may hang."""
        self._own = self._tests = None
        self.disregarded.clear()
