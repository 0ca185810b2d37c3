"""Drivers passed as functions: later sockets are born in the namespace, or it is an error that says so."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import socket
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiomysql
import mysql.connector
import mysql.connector.aio
import mysqlx
import pymysql
import pytest
from mysql.connector.connection import MySQLConnection

from pytest_netns_mysql import AccountFactory, ClientError, ConnectFactory, Endpoint, MySQLServer, Network

pytestmark = pytest.mark.live

RED = "192.0.2.2"


class OfPyMySQL(pymysql.connections.Connection):  # type: ignore[misc,unused-ignore]
    """A project's own class."""


class OfConnector(MySQLConnection):
    """A project's own class."""


class Wrapper:
    """A connection of a driver that nobody knows: it reconnects in the middle of a query."""

    def __init__(self, **options: Any) -> None:
        """Connect."""
        self._options = options
        self._open_anew()

    def _open_anew(self) -> None:
        self._connection = mysql.connector.connect(use_pure=True, **self._options)

    def cursor(self) -> Any:
        """Return a cursor, of a new connection where the old one is lost."""
        try:
            self._connection.ping()
        except mysql.connector.Error:
            self._connection.close()
            self._open_anew()
        return self._connection.cursor()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def ask(connection: Any, query: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(query)
    (found,) = cursor.fetchone()
    cursor.close()
    return found


def ping(connection: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        connection.ping(reconnect=True)


def anew(connection: Any) -> None:
    connection.close()
    connection.connect()


C_EXTENSION = [(mysql.connector.connect, {"use_pure": False}, ping)] if mysql.connector.HAVE_CEXT else []


@pytest.mark.netns("blue")
@pytest.mark.parametrize(
    ("driver", "options", "again"),
    [
        (pymysql.connect, {}, ping),
        (pymysql.connect, {}, anew),
        (functools.partial(pymysql.connect, autocommit=True), {}, ping),
        (lambda **options: pymysql.connect(**options), {}, ping),
        (OfPyMySQL, {}, ping),
        (mysql.connector.connect, {}, ping),
        (mysql.connector.connect, {"use_pure": True}, lambda connection: connection.reconnect()),
        *C_EXTENSION,
        (OfConnector, {}, ping),
        (Wrapper, {}, lambda _: None),
    ],
)
def test_a_connection_of_a_function_reconnects_from_its_namespace(
    netns_connect: ConnectFactory,
    netns_account: AccountFactory,
    netns_mysqld: MySQLServer,
    driver: Callable[..., Any],
    options: dict[str, Any],
    again: Callable[[Any], None],
) -> None:
    connection = netns_connect("red", driver=driver, account=netns_account("app", host="%", password="p"), **options)
    for _ in range(2):
        assert ask(connection, "SELECT USER()") == f"app@{RED}"
        netns_mysqld.execute(f"KILL {ask(connection, 'SELECT CONNECTION_ID()')}")
        again(connection)
    assert ask(connection, "SELECT USER()") == f"app@{RED}"


def test_a_kept_connection_is_still_of_its_class(netns_connect: ConnectFactory) -> None:
    assert isinstance(netns_connect("red", driver=pymysql.connect, connect_timeout=5), pymysql.connections.Connection)
    assert type(netns_connect("red", driver=OfConnector)).__name__ == "OfConnector"


def test_a_connection_that_is_deferred_comes_from_its_namespace(netns_connect: ConnectFactory) -> None:
    connection = netns_connect("red", driver=pymysql.connect, defer_connect=True)
    connection.connect()
    assert ask(connection, "SELECT USER()") == f"red_user@{RED}"


async def coroutine(**options: Any) -> Any:
    raise AssertionError("it was awaited")


@contextlib.asynccontextmanager
async def context(**options: Any) -> AsyncIterator[Any]:
    yield await coroutine(**options)


class Callee:
    """An object that is called as an asynchronous function is."""

    async def __call__(self, **_: Any) -> Any:
        """Do what no test may do."""
        raise AssertionError("it was awaited")


@pytest.mark.parametrize(
    "driver",
    [
        aiomysql.connect,
        aiomysql.create_pool,
        mysql.connector.aio.connect,
        coroutine,
        context,
        Callee(),
        functools.partial(coroutine),
        lambda **options: coroutine(**options),
        lambda **_: aiomysql.connect(),
    ],
)
@pytest.mark.filterwarnings("error")
def test_an_asynchronous_function_is_refused_before_anything_is_sent(
    netns_connect: ConnectFactory, netns_account: AccountFactory, netns_mysqld: MySQLServer, driver: Any
) -> None:
    unseen = netns_account("unseen", host="%")
    with pytest.raises(
        ClientError, match=r"is asynchronous: it is called in the namespace, but it connects when it is awaited"
    ) as error:
        netns_connect("red", driver=driver, account=unseen)
    first = next(line for line in str(error.value).splitlines() if "do:" in line)
    assert first == "  do: await netns_connect_async('red', driver=...), which takes asynchronous drivers"
    del error
    gc.collect()  # a coroutine that was never awaited would say so now
    assert netns_mysqld.execute("SELECT user FROM performance_schema.users WHERE user = 'unseen'") == []


def test_an_asynchronous_connection_does_not_reconnect(
    netns_connect: ConnectFactory, netns_account: AccountFactory
) -> None:
    """It is right as long as it lives: it was made by the time that the function returned."""
    app = netns_account("app", host="%", password="p")
    loop = asyncio.new_event_loop()
    with contextlib.closing(loop):

        def connect(**options: Any) -> Any:
            return loop.run_until_complete(aiomysql.connect(**options))

        async def user(connection: Any) -> str:
            async with connection.cursor() as cursor:
                await cursor.execute("SELECT USER()")
                return str((await cursor.fetchone())[0])

        connection = netns_connect("red", driver=connect, account=app)
        assert loop.run_until_complete(user(connection)) == f"app@{RED}"
        connection.close()
        with pytest.raises(ClientError, match="is asynchronous"):
            loop.run_until_complete(connection.ping())


def test_x_sessions_by_their_own_function(netns_connect: ConnectFactory, netns_mysqlx: mysqlx.Session) -> None:
    session = netns_connect("red", driver=mysqlx.get_session)
    assert session.sql("SELECT USER()").execute().fetch_one()[0] == f"red_user@{RED}"
    with pytest.raises(ClientError, match=r"mysqlx\.get_client does not open a connection") as error:
        netns_connect("red", driver=mysqlx.get_client)
    assert 'driver="mysqlx", pooling=' in str(error.value)


@pytest.mark.parametrize("driver", [None, mysql.connector.connect])
def test_a_pool_of_the_whole_process_is_refused(netns_connect: ConnectFactory, driver: Any) -> None:
    with pytest.raises(ClientError, match=r"pool_name=: a pool of mysql\.connector") as error:
        netns_connect("red", driver=driver, pool_name="shop")
    assert "pytest_netns_mysql.NamespacePool(" in str(error.value)


def test_what_a_function_returns_must_be_a_connection(netns_connect: ConnectFactory) -> None:
    with pytest.raises(ClientError, match="returned NoneType, which cannot be kept in its namespace"):
        netns_connect("red", driver=lambda **_: None)
    with pytest.raises(ClientError, match="returned tuple, which cannot be kept"):
        netns_connect("red", driver=lambda **_: (1, 2))


@pytest.mark.parametrize("driver", [None, "pymysql", mysql.connector.connect, pymysql.connect, OfConnector])
def test_a_server_that_is_silent_is_given_up(netns_connect: ConnectFactory, netns: Network, driver: Any) -> None:
    with netns["red"], socket.create_server((RED, 0)) as silent:
        port = silent.getsockname()[1]
        by_pymysql = driver in ("pymysql", pymysql.connect)
        limit: dict[str, Any] = {"connect_timeout" if by_pymysql else "connection_timeout": 1}
        with pytest.raises((mysql.connector.Error, pymysql.Error), match=r"(?i)timed out"):
            netns_connect("red", endpoint=Endpoint(RED, "red", port), driver=driver, **limit)


def test_a_limit_is_set_where_the_driver_has_none(netns_connect: ConnectFactory) -> None:
    for driver in (None, mysql.connector.connect, OfConnector):
        assert netns_connect("red", driver=driver)._connection_timeout == 10
    assert netns_connect("red", connection_timeout=3)._connection_timeout == 3


@pytest.mark.parametrize("driver", [None, "pymysql", mysql.connector.connect, pymysql.connect])
def test_any_driver_connects_as_the_administrator(netns_mysqld: MySQLServer, driver: Any) -> None:
    with contextlib.closing(netns_mysqld.connect(driver=driver)) as connection:
        assert ask(connection, "SELECT CURRENT_USER()") == "root@localhost"


def test_the_administrators_socket_speaks_no_x_protocol(netns_mysqld: MySQLServer) -> None:
    with pytest.raises(ClientError, match="does not support the X Protocol"):
        netns_mysqld.connect(driver="mysqlx")
