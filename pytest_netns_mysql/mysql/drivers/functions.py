"""Drivers that are passed as functions or classes, known ones and unknown ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers import named, syncoptions
from pytest_netns_mysql.mysql.drivers.driver import Options, Place
from pytest_netns_mysql.mysql.drivers.loaded import is_class_of, loaded
from pytest_netns_mysql.mysql.drivers.named import NamedDriver


@dataclass(frozen=True, eq=False)
class FunctionDriver:
    """A driver that is passed as a function or class that opens a connection.

    Attributes:
        function: The function or class.
        base: The known driver whose function or class it is, or None.
        is_derived: True for a class that is derived from the driver's, or a ``functools.partial`` of one. It may take
            more options than the driver.
    """

    function: Callable[..., Any]
    base: NamedDriver | None
    is_derived: bool = False
    chooses_tls = False

    @property
    def label(self) -> str:
        """The driver's own name, for errors."""
        from pytest_netns_mysql.mysql.drivers.asynchronous import driver_name

        return driver_name(self.function)

    @property
    def endpoint_kind(self) -> str:
        """The kind of endpoint that the driver connects to."""
        return "mysql" if self.base is None else self.base.endpoint_kind

    @property
    def has_known_options(self) -> bool:
        """True if common names of options can be used."""
        return self.base is not None

    def with_common_names(self, options: Mapping[str, Any]) -> Options:
        """Return options by their common names; unchanged for an unknown function."""
        return dict(options) if self.base is None else self.base.with_common_names(options)

    def own_options(self, options: Mapping[str, Any]) -> Options:
        """Return options as the function takes them; raise ClientError for an option that a known driver lacks."""
        if self.base is None:
            return dict(options)
        return self.base.options.to_own(options, others=None if self.is_derived else syncoptions.TAKERS)

    def connect(self, namespace: Place, options: Mapping[str, Any]) -> Any:
        """Open a connection from a namespace; see ``SyncDriver``."""
        from pytest_netns_mysql.mysql.drivers.asynchronous import refuse_async_function, refuse_awaitable
        from pytest_netns_mysql.mysql.drivers.reconnecting import keep_in_namespace

        function, own = self.function, self.own_options(options)
        refuse_async_function(function)
        if self.base is named.X:
            return named.X.opener()(namespace, own)
        _refuse_pools(function, own)
        if is_class_of(function, loaded("pymysql.connections", "Connection")):
            from pytest_netns_mysql.mysql.drivers.pymysql import connect_by_pymysql, with_encoded_password

            if isinstance(function, type):
                return connect_by_pymysql(namespace, own, function)
            own = with_encoded_password(own)
        with namespace:
            connection = function(**own)
        refuse_awaitable(connection, function)
        return keep_in_namespace(connection, namespace, function)


def of_function(function: Callable[..., Any]) -> FunctionDriver:
    """Return the driver of a function or class that opens a connection."""
    for base, own in (
        (named.CONNECTOR, mysql.connector.connect),
        (named.PYMYSQL, loaded("pymysql", "connect")),
        (named.MYSQLCLIENT, loaded("MySQLdb", "connect")),
        (named.MARIADB, loaded("mariadb", "connect")),
        (named.X, loaded("mysqlx", "get_session")),
    ):
        if own is function:
            return FunctionDriver(function, base)
    classes: tuple[tuple[NamedDriver, type | None], ...] = (
        (named.CONNECTOR, MySQLConnectionAbstract),
        (named.PYMYSQL, loaded("pymysql.connections", "Connection")),
        (named.MYSQLCLIENT, loaded("MySQLdb.connections", "Connection")),
    )
    base_of_class = next((base for base, cls in classes if is_class_of(function, cls)), None)
    return FunctionDriver(function, base_of_class, is_derived=base_of_class is not None)


def _refuse_pools(function: Callable[..., Any], options: Options) -> None:
    if function is loaded("mysqlx", "get_client"):
        raise ClientError(
            "driver=mysqlx.get_client does not open a connection: it returns a client with a pool",
            remedies=['use driver="mysqlx", pooling={...}, which returns the same client'],
        )
    if function is mysql.connector.connect:
        from pytest_netns_mysql.mysql.drivers.connector import refuse_pool_options

        refuse_pool_options(options)
