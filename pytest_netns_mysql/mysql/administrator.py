"""The administrator's connection to a server: by its private socket, made when first needed and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from pytest_netns_mysql.errors import ClientError, ServerGoneError
from pytest_netns_mysql.mysql.process import Process

if TYPE_CHECKING:
    from mysql.connector.abstracts import MySQLCursorAbstract

    from pytest_netns_mysql.mysql.client import Driver, NamespaceConnection
    from pytest_netns_mysql.mysql.dialect import Dialect, RawRow


_LOST = (-1, 2006, 2013, 2055)  # CR_SERVER_GONE_ERROR and its like; the driver's own "not available" has no number
_WHO = "the administrator"
_LEAST_PATIENCE = 60  # seconds
_PATIENCE_FOR_TESTS = 600  # seconds without a word from the server, for what a test or a file has it do


class Administrator:
    """Ask a server as its administrator, whatever its endpoints and accounts are."""

    def __init__(self, process: Process, dialect: Dialect, *, timeout: float) -> None:
        """Keep whom to ask, and how; ``timeout`` is in seconds."""
        self._process = process
        self._connection: NamespaceConnection | None = None
        self._is_used = False
        self._dialect = dialect
        # In whole seconds: what this plugin asks is answered at once, what a test asks may take its time.
        self._patience = max(_LEAST_PATIENCE, int(timeout))
        self._common = {"autocommit": True, "connection_timeout": max(1, int(timeout))}

    @property
    def _options(self) -> dict[str, Any]:
        return {**self._common, **self._process.administration}

    def answers(self) -> bool:
        """Tell whether the server answers; the connection is kept."""
        from pytest_netns_mysql.mysql.client import try_connect

        if self._process.may_answer():
            self._connection = try_connect(self._process.home, **self._dialect.connection, **self._options)
            self._process.clients.note(self._connection, _WHO)
        return self._connection is not None

    def connect(self, driver: Driver | None = None, **options: Any) -> Any:
        """Open a connection of the caller's own; ``driver`` is as for netns_connect, but not X DevAPI's.

        Raises ServerGoneError where mysqld does not run, ClientError, and what the driver raises.
        """
        from pytest_netns_mysql.mysql.client import connect, kind_of
        from pytest_netns_mysql.mysql.driveroptions import is_known, named

        self._process.check_running()
        if kind_of(driver) == "mysqlx":
            raise ClientError(
                "the private socket of the administrator speaks no X Protocol",
                remedies=["name a namespace and an account: connect('red', driver='mysqlx', user=...)"],
            )
        with self._process.told_if_it_ends():
            common = self._dialect.common(driver, options)
            # What it is called differs between drivers: of one that is not known its own defaults hold.
            own = self._options if is_known(driver) else dict(self._process.administration)
            connection = connect(self._process.home, driver, **{**common, **own, **named(driver, options)})
        self._process.clients.note(connection, _WHO)
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
        """Run statements in one round trip, until one fails; they leave nothing in the session, and have no rows.

        Raises ServerGoneError where mysqld does not run, and the server's own errors.
        """
        connection = self._ready(self._patience)
        is_used, self._is_used = self._is_used, True
        with self._told_if_it_ends(), self._escaping(connection):
            for _ in connection.cmd_query_iter("; ".join(statements)):
                pass
        self._is_used = is_used  # a statement that fails keeps those behind it from tidying up

    def ask(self, *queries: str) -> list[list[RawRow]]:
        """Run queries in one round trip; return the rows of each as the server sends them, see the manual, "Text".

        Raises ServerGoneError where mysqld does not run, and the server's own errors.
        """
        connection = self._ready(self._patience)
        with self._told_if_it_ends(), self._escaping(connection):
            return [connection.get_rows(raw=True)[0] for _ in connection.cmd_query_iter("; ".join(queries))]

    @contextlib.contextmanager
    def _escaping(self, connection: NamespaceConnection) -> Iterator[None]:
        """Have a backslash escape in the statements of the block, whatever the session's sql_mode is."""
        if connection.escapes:
            yield
            return
        for _ in connection.cmd_query_iter("SELECT @@SESSION.sql_mode"):
            before = str(connection.get_rows()[0][0][0])
        # No name of a mode needs quoting.
        others = ",".join(one for one in before.split(",") if one != "NO_BACKSLASH_ESCAPES")
        connection.cmd_query(f"SET SESSION sql_mode = '{others}'")
        try:
            yield
        finally:
            if connection.is_silent():
                connection.cmd_query(f"SET SESSION sql_mode = '{before}'")

    @contextlib.contextmanager
    def cursor(self) -> Iterator[MySQLCursorAbstract]:
        """Give a cursor of the connection, opened anew if it was ended; what is run may leave something in the session.

        Raises ServerGoneError where mysqld does not run.
        """
        import mysql.connector

        connection = self._ready(self._patience)
        try:
            with self._told_if_it_ends():
                cursor = connection.cursor()  # which asks the server whether it is there
        except mysql.connector.OperationalError as error:
            self._connection = None
            raise self._silent_error(self._patience) from error
        connection.read_timeout = _PATIENCE_FOR_TESTS
        self._is_used = True
        try:
            with self._told_if_it_ends():
                yield cursor
        except BaseException:
            with contextlib.suppress(mysql.connector.Error):  # it has nobody to say it to
                cursor.close()
            raise
        cursor.close()

    @contextlib.contextmanager
    def _told_if_it_ends(self) -> Iterator[None]:
        """Raise ServerGoneError where a connection is lost because mysqld has just ended, or does not answer."""
        import mysql.connector

        try:
            yield
        except mysql.connector.errors.ReadTimeoutError as error:
            waited = self._connection.read_timeout if self._connection is not None else self._patience
            self._connection = None
            raise self._silent_error(waited) from error
        except mysql.connector.Error as error:
            if error.errno not in _LOST:
                raise
            with self._process.told_if_it_ends():
                raise

    def _silent_error(self, waited: int | None) -> ServerGoneError:
        return self._process.silent_error(f"a statement of the administrator for {waited} seconds")

    def _ready(self, patience: int) -> NamespaceConnection:
        """Return the connection; a read from it that takes longer than ``patience`` seconds fails."""
        self._process.check_running()
        if self._connection is None or not self._connection.is_silent():
            self._connection = cast("NamespaceConnection", self.connect())
        self._connection.read_timeout = patience
        return self._connection

    @property
    def account(self) -> dict[str, str]:
        """Return the administrator's user and password."""
        return {name: str(self._options[name]) for name in ("user", "password")}

    @property
    def number(self) -> int | None:
        """Return the connection's number in SHOW PROCESSLIST, or None while there is none."""
        return None if self._connection is None else self._connection.connection_id

    def reset(self) -> None:
        """Forget what the session has: variables, temporary tables, locks, a transaction, the selected schema."""
        if self._is_used and self._connection is not None and self._connection.is_silent():
            self._connection.cmd_reset_connection()
            if self.ask("SELECT DATABASE()") != [[(None,)]]:  # which stays selected, see the manual
                self._connection.close()
                self._connection = None
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

    def forget(self) -> None:
        """Let go of the connection; not in good order, which would wait for a server that may hang."""
        self._connection = None
