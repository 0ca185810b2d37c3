"""Connections whose sockets are born in a namespace: the first, and every one after it."""

from __future__ import annotations

import functools
import select
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from mysql.connector.connection import MySQLConnection
from mysql.connector.constants import CNX_POOL_ARGS, ServerCmd
from mysql.connector.pooling import MySQLConnectionPool

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.mysql.drivers.driveroptions import translated
from pytest_netns_mysql.mysql.drivers.keeping import keep, loaded, refuse_async_function, refuse_awaitable, refused_pool

Driver = str | Callable[..., Any]
Place = AbstractContextManager[Any]
_PATIENCE = 10  # seconds, as PyMySQL and X DevAPI have by default
_TLS_REQUIRED = 3159  # ER_SECURE_TRANSPORT_REQUIRED
_NOT_READY = frozenset({2002, 2003, 2006, 2013, 2055})


class NamespaceConnection(MySQLConnection):
    """Be a mysql.connector connection that opens, and reopens, its socket in its own namespace."""

    def __init__(self, namespace: Place, **options: Any) -> None:
        """Connect from ``namespace``; the options are those of ``mysql.connector.connect``."""
        self._namespace = namespace
        self._status = self._waiting = 0
        self.queries = 0
        """How many statements were sent as text."""
        super().__init__(**options)

    def _handle_server_status(self, flags: int) -> None:
        self._status = flags
        super()._handle_server_status(flags)

    def _send_cmd(self, command: int, *arguments: Any, **options: Any) -> bytearray | None:
        self._waiting += 1
        self.queries += command == ServerCmd.QUERY
        try:
            answer: bytearray | None = super()._send_cmd(command, *arguments, **options)
            return answer
        finally:
            self._waiting -= 1

    @property
    def is_idle(self) -> bool:
        """Whether no thread waits for an answer, no rows are left to be read, and the server has not ended it."""
        return not self._waiting and not self.unread_result and self.is_silent()

    @property
    def status(self) -> int:
        """Return the flags of the server's last answer; see the manual, "Status Flags"."""
        return self._status

    def _open_connection(self) -> None:
        # reconnect(), ping(reconnect=True) and a pool's refill all come by here.
        with self._namespace:
            super()._open_connection()

    def is_silent(self) -> bool:
        """Tell whether the server has left the connection open, without asking: between answers it is silent.

        What it says unasked is that it ends the connection.
        """
        sock = getattr(self._socket, "sock", None)
        if sock is None or sock.fileno() < 0:  # it was closed here
            return False
        poll = select.poll()
        poll.register(sock)
        return not any(event & ~select.POLLOUT for _, event in poll.poll(0))


class NamespacePool(MySQLConnectionPool):
    """Be a mysql.connector pool whose connections, later ones too, are born in one namespace."""

    def __init__(self, namespace: Namespace, **options: Any) -> None:
        """Open the pool's connections; the options are those of ``MySQLConnectionPool``."""
        self._namespace = namespace
        super().__init__(**options)

    def add_connection(self, cnx: MySQLConnectionAbstract | None = None) -> None:
        """Add a connection, a new one from the pool's namespace where none is given."""
        if cnx is None:
            cnx = NamespaceConnection(self._namespace, **self._cnx_config)
            cnx.pool_config_version = self._config_version
        super().add_connection(cnx)

    def close(self) -> int:
        """Close the connections that are in the pool; return how many there were."""
        return self._remove_connections()


def kind_of(driver: Driver | None) -> str:
    """Return the kind of endpoint that a driver connects to."""
    return "mysqlx" if driver == "mysqlx" or _is_function(driver, "mysqlx", "get_session") else "mysql"


def is_connector(driver: Driver | None) -> bool:
    """Return True if a driver takes the options of mysql.connector, as its own connect function does."""
    known = (None, "mysql.connector", mysql.connector.connect)
    return any(driver is one or driver == one for one in known) or _is_class_of(driver, MySQLConnectionAbstract)


def _is_function(driver: Driver | None, module: str, name: str) -> bool:
    return driver is not None and driver is loaded(module, name)


def connect(namespace: Place, driver: Driver | None = None, **options: Any) -> Any:
    """Open a connection from ``namespace``; the sockets that it opens later are born there, too.

    Args:
        namespace: Where the connection is made, and made again.
        driver: ``"mysql.connector"`` (the default), ``"pymysql"``, ``"mysqlx"`` for an X DevAPI session, or any
            callable that takes the options and makes its socket before it returns.
        **options: Those of mysql.connector, for any driver that is known, or the driver's own.

    Raises:
        ClientError: There is no such driver, it is asynchronous, it does not take an option, or its connections cannot
            be kept in a namespace.
    """
    options = translated(driver, _with_timeout(driver, options))
    if driver is None or driver == "mysql.connector":
        return _connector_connection(namespace, options)
    if driver == "pymysql":
        return _pymysql_connection(namespace, options)
    if driver == "mysqlx" or _is_function(driver, "mysqlx", "get_session"):
        try:
            from pytest_netns_mysql.mysql.drivers.x import xconnect
        except ImportError as error:
            raise _not_installed("mysqlx", "x") from error
        return xconnect(namespace, **options)
    if callable(driver):
        return _connection_of(driver, namespace, options)
    raise ClientError(
        f"there is no driver {driver!r}",
        remedies=['use "mysql.connector", "pymysql", "mysqlx", or the connect function of any other driver'],
    )


def _with_timeout(driver: Driver | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with a limit for the connecting, where the driver would wait for ever for a silent server."""
    if any(name in options for name in ("connect_timeout", "connection_timeout")):
        return options
    if is_connector(driver):
        return {**options, "connection_timeout": _PATIENCE}
    if _is_function(driver, "MySQLdb", "connect") or _is_function(driver, "mariadb", "connect"):
        return {**options, "connect_timeout": _PATIENCE}
    return options


def _is_class_of(driver: Driver | None, base: type | None) -> bool:
    made = driver.func if isinstance(driver, functools.partial) else driver
    return base is not None and isinstance(made, type) and issubclass(made, base)


def _not_installed(driver: str, extra: str) -> ClientError:
    return ClientError(f"the driver {driver} is not installed", remedies=[f"pip install pytest-netns-mysql[{extra}]"])


def _refuse_pool(options: Mapping[str, Any]) -> None:
    for argument in CNX_POOL_ARGS:
        if argument in options:
            raise refused_pool(f"{argument}=")


def _connector_connection(namespace: Place, options: dict[str, Any]) -> NamespaceConnection:
    _refuse_pool(options)
    if options.get("use_pure") is False:
        raise ClientError(
            'use_pure=False: the driver "mysql.connector" is the one in pure Python',
            remedies=[
                "leave use_pure out",
                "for the C extension pass driver=mysql.connector.connect: its connections reconnect from their "
                "namespace, too",
            ],
        )
    options.pop("use_pure", None)
    return NamespaceConnection(namespace, **options)


def _connection_of(driver: Callable[..., Any], namespace: Place, options: dict[str, Any]) -> Any:
    refuse_async_function(driver)
    if _is_function(driver, "mysqlx", "get_client"):
        raise ClientError(
            "driver=mysqlx.get_client takes no options of a connection",
            remedies=['use driver="mysqlx", pooling={...}: it is the same client'],
        )
    if driver is mysql.connector.connect:
        _refuse_pool(options)
    if _is_class_of(driver, loaded("pymysql.connections", "Connection")):
        if isinstance(driver, type):
            return _pymysql_connection(namespace, options, driver)
        options = _for_pymysql(options)
    with namespace:
        made = driver(**options)
    refuse_awaitable(made, driver)
    return keep(made, namespace, driver)


def _for_pymysql(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with the password as the server has it: PyMySQL itself would encode it as Latin-1."""
    password = options.get("password")
    return {**options, "password": password.encode()} if isinstance(password, str) else options


def _pymysql_connection(namespace: Place, options: dict[str, Any], base: type | None = None) -> Any:
    try:
        import pymysql
    except ImportError as error:
        raise _not_installed("pymysql", "pymysql") from error

    class Connection(base or pymysql.connections.Connection):  # type: ignore[misc,unused-ignore]
        _read_timeout: float | None

        def connect(self, sock: Any = None) -> None:
            # A server that is silent is given up: connect_timeout ends when the socket is connected.
            patience, self._read_timeout = self._read_timeout, self._read_timeout or self.connect_timeout
            try:
                with namespace:
                    super().connect(sock)
            finally:
                self._read_timeout = patience

    return Connection(**_for_pymysql(options))


def connect_over_tls_if_need_be(namespace: Namespace, driver: Driver | None, **options: Any) -> Any:
    """Connect as ``connect`` does; over TLS, if nothing is said of it, for a password or where the server insists.

    TLS costs 20 to 40 ms.
    """
    if driver not in (None, "mysql.connector", "pymysql") or any(name.startswith(("ssl", "tls")) for name in options):
        return connect(namespace, driver, **options)
    try:
        return connect(namespace, driver, ssl_disabled=not options.get("password"), **options)
    except Exception as error:
        if _TLS_REQUIRED not in (getattr(error, "errno", None), *error.args[:1]):
            raise
    return connect(namespace, driver, ssl_disabled=False, **options)


def try_connect(namespace: Place, **options: Any) -> NamespaceConnection | None:
    """Connect to a server that may not be up yet; return None where it is not."""
    try:
        return NamespaceConnection(namespace, **options)
    except mysql.connector.Error as error:
        if error.errno in _NOT_READY:
            return None
        raise
