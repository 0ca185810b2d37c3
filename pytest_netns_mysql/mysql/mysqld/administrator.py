"""The administrator's two sessions on a server, by its private socket: the plugin's own, and the tests'."""

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
    from pytest_netns_mysql.mysql.drivers.connect import Driver
    from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
    from pytest_netns_mysql.mysql.mysqld.access import ServerAccess


_LOST = (-1, 2006, 2013, 2055)  # CR_SERVER_GONE_ERROR and its like; the driver's own "not available" has no number
_WHO = "the administrator"
_LEAST_PATIENCE = 60  # seconds
_PATIENCE_FOR_TESTS = 600  # seconds without a word from the server, for what a test or a file has it do


class Administrator:
    """Ask a server as its administrator, whatever its endpoints and accounts are.

    It has two sessions, opened when they are first needed. One is the plugin's own (``run``, ``ask``): it has the same
    modes and limits whatever the server's are, and nothing of a test in it. What a test has the administrator do
    (``execute``, ``cursor``) is done in the other, which ``reset`` tidies up.
    """

    def __init__(self, access: ServerAccess, dialect: Dialect, *, timeout: float) -> None:
        """Keep whom to ask, and how; ``timeout`` is in seconds."""
        self._access = access
        self._own: NamespaceConnection | None = None
        self._is_prepared = False
        self._tests: NamespaceConnection | None = None
        self._is_used = False
        self.disregarded: Counter[str] = Counter()
        """How often each kind of statement was run by sessions that are to be left out of the server's counters."""
        self._dialect = dialect
        # In whole seconds: what this plugin asks is answered at once, what a test asks may take its time.
        self._patience = max(_LEAST_PATIENCE, int(timeout))
        self._common = {"autocommit": True, "connection_timeout": max(1, int(timeout))}

    @property
    def _options(self) -> dict[str, Any]:
        return {**self._common, **self._access.administration}

    def answers(self) -> bool:
        """Tell whether the server answers; the connection is kept."""
        from pytest_netns_mysql.mysql.drivers.connector import try_connect

        if self._access.may_answer():
            self._is_prepared = False
            self._own = try_connect(self._access.home, **self._dialect.connection, **self._options)
            self._access.clients.note(self._own, _WHO)
        return self._own is not None

    def connect(self, driver: Driver | None = None, **options: Any) -> Any:
        """Open a connection of the caller's own; ``driver`` is as for netns_connect, but not X DevAPI's.

        Raises ServerGoneError where mysqld does not run, ClientError, and what the driver raises.
        """
        from pytest_netns_mysql.mysql.drivers.connect import connect, endpoint_kind
        from pytest_netns_mysql.mysql.drivers.driveroptions import has_known_options, with_common_names

        self._access.check_running()
        if endpoint_kind(driver) == "mysqlx":
            raise ClientError(
                "the private socket of the administrator speaks no X Protocol",
                remedies=["name a namespace and an account: connect('red', driver='mysqlx', user=...)"],
            )
        with self._access.raise_if_server_died():
            common = self._dialect.common(driver, options)
            # What it is called differs between drivers: of one that is not known its own defaults hold.
            own = self._options if has_known_options(driver) else dict(self._access.administration)
            connection = connect(self._access.home, driver, **{**common, **own, **with_common_names(driver, options)})
        self._access.clients.note(connection, _WHO)
        return connection

    def execute(self, statement: str, *values: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run a statement, which may leave something in the session; return the names of its columns and its rows.

        Raises ServerGoneError where mysqld does not run, and the server's own errors.
        """
        with self.cursor() as cursor:
            cursor.execute(statement, values)
            names = tuple(str(column[0]) for column in cursor.description or ())
            rows = [tuple(row) for row in cursor.fetchall()] if names else []
            while cursor.nextset():  # of a procedure, whose first result counts
                if cursor.description:
                    cursor.fetchall()
            return names, rows

    def run(self, *statements: str) -> None:
        """Run statements in one round trip, in the plugin's own session, until one fails; they have no rows.

        Raises ServerGoneError where mysqld does not run, and the server's own errors.
        """
        connection = self._ready()
        with self._raise_if_server_died(connection):
            for _ in connection.cmd_query_iter("; ".join(statements)):
                pass

    def ask(self, *queries: str) -> list[list[RawRow]]:
        """Run queries in one round trip, in the plugin's own session.

        Returns the rows of each as the server sends them, see the manual, "Text". Raises ServerGoneError where mysqld
        does not run, and the server's own errors.
        """
        connection = self._ready()
        with self._raise_if_server_died(connection):
            return [connection.get_rows(raw=True)[0] for _ in connection.cmd_query_iter("; ".join(queries))]

    @contextlib.contextmanager
    def cursor(self) -> Iterator[MySQLCursorAbstract]:
        """Yield a cursor of the tests' session, opened anew if it was ended; what is run may leave something in it.

        Raises ServerGoneError where mysqld does not run.
        """
        import mysql.connector

        self._access.check_running()
        connection = self._tests
        if connection is None or not connection.is_silent():
            connection = self._tests = cast("NamespaceConnection", self.connect())
        connection.read_timeout = self._patience
        try:
            with self._raise_if_server_died(connection):
                cursor = connection.cursor()  # which asks the server whether it is there
        except mysql.connector.OperationalError as error:
            self._tests = None
            raise self._silent_error(self._patience) from error
        connection.read_timeout = _PATIENCE_FOR_TESTS
        self._is_used = True
        try:
            with self._raise_if_server_died(connection):
                yield cursor
        except BaseException:
            with contextlib.suppress(mysql.connector.Error):  # it has nobody to say it to
                cursor.close()
            raise
        cursor.close()

    @contextlib.contextmanager
    def _raise_if_server_died(self, connection: NamespaceConnection) -> Iterator[None]:
        """Raise ServerGoneError where a connection is lost because mysqld has just ended, or does not answer."""
        import mysql.connector

        try:
            yield
        except mysql.connector.errors.ReadTimeoutError as error:
            self._let_go(connection)
            raise self._silent_error(connection.read_timeout) from error
        except mysql.connector.Error as error:
            if error.errno not in _LOST:
                raise
            with self._access.raise_if_server_died():
                raise

    def _let_go(self, connection: NamespaceConnection) -> None:
        if connection is self._own:
            self._own = None
        else:
            self._tests = None

    def _silent_error(self, waited: int | None) -> ServerGoneError:
        return self._access.silent_error(f"a statement of the administrator for {waited} seconds")

    def _ready(self) -> NamespaceConnection:
        """Return the plugin's own session; a read from it that takes too long fails."""
        self._access.check_running()
        connection = self._own
        if connection is None or not connection.is_silent():
            self._is_prepared = False
            connection = self._own = self._connected()
        connection.read_timeout = self._patience
        if not self._is_prepared:
            with self._raise_if_server_died(connection):
                for _ in connection.cmd_query_iter("; ".join(self._dialect.session)):
                    pass
            self._is_prepared = True
        return connection

    def _connected(self) -> NamespaceConnection:
        """Open the plugin's own session, in place of the tests' where the administrator may have no more than one."""
        import mysql.connector

        try:
            return cast("NamespaceConnection", self.connect())
        except mysql.connector.Error:
            if not self.close():
                raise
            return cast("NamespaceConnection", self.connect())

    def usual(self) -> None:
        """Restore the modes and limits of the plugin's own session."""
        self.run(*self._dialect.session)

    @property
    def account(self) -> dict[str, str]:
        """Return the administrator's user and password."""
        return {name: str(self._options[name]) for name in ("user", "password")}

    @property
    def numbers(self) -> frozenset[int]:
        """Return the numbers of both connections in SHOW PROCESSLIST."""
        return frozenset(one.connection_id or 0 for one in (self._own, self._tests) if one is not None)

    def reset(self) -> None:
        """Forget what the tests' session has: variables, temporary tables, locks, a transaction, a selected schema."""
        connection = self._tests
        if self._is_used and connection is not None:
            import mysql.connector

            selected: list[Any] = []
            # One that was killed may look open for a moment.
            with contextlib.suppress(mysql.connector.Error), self._raise_if_server_died(connection):
                if connection.is_silent():
                    sent = connection.queries
                    connection.cmd_reset_connection()
                    # The driver gives the session its character set and autocommit again.
                    self.disregarded["Com_set_option"] += connection.queries - sent
                    connection.cmd_query("SELECT DATABASE()")
                    selected, _ = connection.get_rows()
            if selected != [(None,)]:  # it stays selected, see the manual
                connection.close()
                self._tests = None
        self._is_used = False

    def end_connections(self, numbers: Iterable[int]) -> None:
        """End these connections; one that has just ended by itself is no error."""
        import mysql.connector

        for number in numbers:
            try:
                self.run(f"KILL {number}")
            except mysql.connector.Error as error:
                if error.errno != mysql.connector.errorcode.ER_NO_SUCH_THREAD:
                    raise

    def disregard(self, counts: Iterable[RawRow]) -> None:
        """Leave these counts of a session out of the server's, since this start."""
        for name, count in counts:
            self.disregarded[decoded(name)] += int(count or 0)

    def close(self) -> frozenset[int]:
        """Close the tests' session in good order; return its number, while the server may still know it."""
        connection, self._tests, self._is_used = self._tests, None, False
        if connection is None or not connection.is_silent():
            return frozenset()
        number = connection.connection_id or 0
        connection.close()
        return frozenset({number})

    def forget(self) -> None:
        """Let go of the connections; not in good order, which would wait for a server that may hang."""
        self._own = self._tests = None
        self.disregarded.clear()
