"""The plugin's own session on a server, in which no test runs a statement."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from pytest_netns_mysql.errors import ClientError, ServerGoneError
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
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


class OwnSession:
    """The plugin's own session on a server, as the administrator. It always has the same modes and limits.

    Threads that use it at the same time take turns.

    Attributes:
        disregarded: How often sessions that the statement counters leave out ran each kind of statement.
        spare: An account that is kept for the next test.
    """

    def __init__(self, access: ServerAccess, kind: Kind, *, timeout: float) -> None:
        """Take the access to a server, its kind, and the timeout of a login in seconds; nothing is opened."""
        self._access = access
        self._turn = threading.RLock()
        self._own: NamespaceConnection | None = None
        self._is_prepared = False
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

    def run(self, *statements: str) -> None:
        """Run statements without rows in one round trip, in the plugin's own session, until a statement fails.

        Raises ServerGoneError if mysqld does not run, and the server's own errors.
        """
        self.ask(*statements)

    def run_each(self, *statements: str) -> Iterator[list[RawRow]]:
        """Run statements in one round trip, in the plugin's own session; yield the undecoded rows of each.

        Raises ServerGoneError if mysqld does not run, and the server's own errors after the results before.
        """
        with self._turn:
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

    def _silent_error(self, waited: int | None) -> ServerGoneError:
        return self._access.silent_error(f"a statement of the administrator for {waited} seconds")

    def _ready(self) -> NamespaceConnection:
        """Return the plugin's own session, with a limit for the time of a read."""
        self._access.check_running()
        connection = self._own
        if connection is None or not connection._is_silent():
            self._is_prepared = False
            connection = self._own = self._connected()
        connection.read_timeout = self._patience
        if not self._is_prepared:
            with self._raise_if_server_died(connection):
                list(connection.cmd_query_iter("; ".join(self._dialect.session)))
            self._is_prepared = True
        return connection

    def _connected(self) -> NamespaceConnection:
        return cast("NamespaceConnection", self._open())

    def drop_spare(self) -> None:
        """Drop the account that is kept for the next test, before anybody else can see it."""
        with self._turn:
            spare, self.spare = self.spare, None
            if spare is not None:
                self.run(*spare.dropping)

    def take_spare(self, name: str, schema: str) -> SpareAccount | None:
        """Return the account that is kept for the next test, if it has this name and schema, and keep it no longer."""
        with self._turn:
            spare = self.spare
            if spare is None or (spare.name, spare.schema) != (name, schema):
                return None
            self.spare = None
            return spare

    def usual(self) -> None:
        """Restore the modes and limits of the plugin's own session, after statements that changed them."""
        self.run(*self._dialect.session)

    @property
    def account(self) -> dict[str, str]:
        """The administrator's user and password."""
        return {name: str(self._options[name]) for name in ("user", "password")}

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
