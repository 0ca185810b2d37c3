"""Connections from a namespace by any driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.mysql.drivers.connector import connect_by_connector, refuse_pool_options
from pytest_netns_mysql.mysql.drivers.driveroptions import to_driver_options
from pytest_netns_mysql.mysql.drivers.loaded import is_class_of, loaded

Driver = str | Callable[..., Any]
"""A driver's name, or a function or class that opens a connection."""

_CONNECT_TIMEOUT = 10  # seconds, the default of PyMySQL and of X DevAPI
_CHOOSE_TLS = (None, "mysql.connector", "pymysql")  # the drivers for which this plugin decides about TLS
_TLS_REQUIRED = 3159  # ER_SECURE_TRANSPORT_REQUIRED


def endpoint_kind(driver: Driver | None) -> str:
    """Return the kind of endpoint that a driver connects to: ``mysql`` or ``mysqlx``."""
    return "mysqlx" if driver == "mysqlx" or _is_function(driver, "mysqlx", "get_session") else "mysql"


def connect(namespace: AbstractContextManager[Any], driver: Driver | None = None, **options: Any) -> Any:
    """Open a connection from a namespace; sockets that the connection opens later are created there, too.

    Args:
        namespace: The namespace that the connection is opened from.
        driver: ``"mysql.connector"`` (the default), ``"pymysql"``, ``"mysqlx"`` for an X DevAPI session, or any
            callable that takes the options and creates its socket before it returns.
        **options: The options of mysql.connector, for each driver that is known here, or the driver's own options.

    Raises:
        ClientError: There is no such driver, the driver is asynchronous or does not take an option, or its connections
            cannot be kept in a namespace.
    """
    options = to_driver_options(driver, _with_timeout(driver, options))
    if driver is None or driver == "mysql.connector":
        return connect_by_connector(namespace, options)
    if driver == "pymysql":
        return _connect_by_pymysql(namespace, options)
    if driver == "mysqlx" or _is_function(driver, "mysqlx", "get_session"):
        try:
            from pytest_netns_mysql.mysql.drivers.x import xconnect
        except ImportError as error:
            raise _not_installed("mysqlx", "x") from error
        return xconnect(namespace, **options)
    if callable(driver):
        return _connect_by_function(driver, namespace, options)
    raise ClientError(
        f"there is no driver {driver!r}",
        remedies=['use "mysql.connector", "pymysql", "mysqlx", or the connect function of any other driver'],
    )


def asks_for_tls(driver: Driver | None, options: Mapping[str, Any]) -> bool | None:
    """Return True if ``connect_with_tls_if_required`` begins with TLS, or None if only the driver knows."""
    if "ssl_disabled" in options:
        return not options["ssl_disabled"]
    if driver not in _CHOOSE_TLS:
        return True if endpoint_kind(driver) == "mysqlx" and "ssl_mode" not in options else None
    return _has_tls_options(options) or bool(options.get("password"))


def connect_with_tls_if_required(namespace: Namespace, driver: Driver | None, **options: Any) -> Any:
    """Open a connection as ``connect`` does, with TLS only if the password or the server requires TLS.

    TLS costs 20 to 40 ms, and there is nothing to hide without a password. Options for TLS, and drivers other than
    mysql.connector and PyMySQL, are passed on as they are.

    Args:
        namespace: The namespace that the connection is opened from.
        driver: The driver, as for ``connect``.
        **options: The driver's options, as for ``connect``.
    """
    if driver not in _CHOOSE_TLS or _has_tls_options(options):
        return connect(namespace, driver, **options)
    try:
        return connect(namespace, driver, ssl_disabled=not options.get("password"), **options)
    except Exception as error:
        if _TLS_REQUIRED not in (getattr(error, "errno", None), *error.args[:1]):
            raise
    return connect(namespace, driver, ssl_disabled=False, **options)


def _has_tls_options(options: Mapping[str, Any]) -> bool:
    return any(name.startswith(("ssl", "tls")) for name in options)


def _is_function(driver: Driver | None, module: str, name: str) -> bool:
    return driver is not None and driver is loaded(module, name)


def _is_connector(driver: Driver | None) -> bool:
    known = (None, "mysql.connector", mysql.connector.connect)
    return any(driver is name or driver == name for name in known) or is_class_of(driver, MySQLConnectionAbstract)


def _with_timeout(driver: Driver | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with a connect timeout, if the driver would wait for a silent server without a limit."""
    if any(name in options for name in ("connect_timeout", "connection_timeout")):
        return options
    if _is_connector(driver):
        return {**options, "connection_timeout": _CONNECT_TIMEOUT}
    if _is_function(driver, "MySQLdb", "connect") or _is_function(driver, "mariadb", "connect"):
        return {**options, "connect_timeout": _CONNECT_TIMEOUT}
    return options


def _not_installed(driver: str, extra: str) -> ClientError:
    return ClientError(f"the driver {driver} is not installed", remedies=[f"pip install pytest-netns-mysql[{extra}]"])


def _connect_by_pymysql(
    namespace: AbstractContextManager[Any], options: dict[str, Any], base: type | None = None
) -> Any:
    try:
        from pytest_netns_mysql.mysql.drivers.pymysql import connect_by_pymysql
    except ImportError as error:
        raise _not_installed("pymysql", "pymysql") from error
    return connect_by_pymysql(namespace, options, base)


def _connect_by_function(
    driver: Callable[..., Any], namespace: AbstractContextManager[Any], options: dict[str, Any]
) -> Any:
    from pytest_netns_mysql.mysql.drivers.asynchronous import refuse_async_function, refuse_awaitable
    from pytest_netns_mysql.mysql.drivers.reconnecting import keep_in_namespace

    refuse_async_function(driver)
    if _is_function(driver, "mysqlx", "get_client"):
        raise ClientError(
            "driver=mysqlx.get_client does not open a connection: it returns a client with a pool",
            remedies=['use driver="mysqlx", pooling={...}, which returns the same client'],
        )
    if driver is mysql.connector.connect:
        refuse_pool_options(options)
    if is_class_of(driver, loaded("pymysql.connections", "Connection")):
        if isinstance(driver, type):
            return _connect_by_pymysql(namespace, options, driver)
        from pytest_netns_mysql.mysql.drivers.pymysql import with_encoded_password

        options = with_encoded_password(options)
    with namespace:
        connection = driver(**options)
    refuse_awaitable(connection, driver)
    return keep_in_namespace(connection, namespace, driver)
