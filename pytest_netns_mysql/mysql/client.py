"""Connections whose sockets are born in a namespace: the first, and every one after it."""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from mysql.connector.connection import MySQLConnection
from mysql.connector.pooling import MySQLConnectionPool

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespace import Namespace

Driver = str | Callable[..., Any]
Place = AbstractContextManager[Any]
_TLS_REQUIRED = 3159  # ER_SECURE_TRANSPORT_REQUIRED
_NOT_READY = frozenset({2002, 2003, 2006, 2013, 2055})


class NamespaceConnection(MySQLConnection):
    """Be a mysql.connector connection that opens, and reopens, its socket in its own namespace."""

    def __init__(self, namespace: Place, **options: Any) -> None:
        """Connect from ``namespace``; the options are those of ``mysql.connector.connect``."""
        self._namespace = namespace
        super().__init__(**options)

    def _open_connection(self) -> None:
        # reconnect(), ping(reconnect=True) and a pool's refill all come by here.
        with self._namespace:
            super()._open_connection()

    def is_silent(self) -> bool:
        """Tell whether the server has left the connection open, without asking: between answers it is silent.

        What it says unasked is that it ends the connection.
        """
        sock = getattr(self._socket, "sock", None)
        if sock is None:
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
    return "mysqlx" if driver == "mysqlx" else "mysql"


def connect(namespace: Place, driver: Driver | None = None, **options: Any) -> Any:
    """Open a connection from ``namespace``.

    ``driver`` is ``"mysql.connector"`` (the default), ``"pymysql"``, ``"mysqlx"`` for an X DevAPI session, or any
    callable that takes the options and makes its socket before it returns. Raises ClientError for another name, and
    what the driver raises.
    """
    if driver is None or driver == "mysql.connector":
        if options.get("use_pure") is False:
            raise ClientError(
                "use_pure=False: the C extension of mysql.connector makes its later sockets where the thread stands",
                remedies=["leave use_pure out", "pass driver=mysql.connector.connect, and never reconnect"],
            )
        options.pop("use_pure", None)
        return NamespaceConnection(namespace, **options)
    if driver == "pymysql":
        return _pymysql_connection(namespace, options)
    if driver == "mysqlx":
        try:
            from pytest_netns_mysql.mysql.xclient import xconnect
        except ImportError as error:
            raise _not_installed("mysqlx", "x") from error
        return xconnect(namespace, **options)
    if callable(driver):
        with namespace:
            return driver(**options)
    raise ClientError(
        f"there is no driver {driver!r}",
        remedies=['use "mysql.connector", "pymysql", "mysqlx", or the connect function of any other driver'],
    )


def _not_installed(driver: str, extra: str) -> ClientError:
    return ClientError(f"the driver {driver} is not installed", remedies=[f"pip install pytest-netns-mysql[{extra}]"])


def _pymysql_connection(namespace: Place, options: dict[str, Any]) -> Any:
    try:
        import pymysql
    except ImportError as error:
        raise _not_installed("pymysql", "pymysql") from error

    class Connection(pymysql.connections.Connection):  # type: ignore[misc,unused-ignore]
        def connect(self, sock: Any = None) -> None:
            with namespace:
                super().connect(sock)

    return Connection(**options)


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
