"""Drivers by name: whatever a connection opens later is opened in its namespace."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncmy
import mariadb
import mysql.connector
import MySQLdb
import pymysql
import pytest
from mysql.connector.connection_cext import CMySQLConnection

from pytest_netns_mysql import Account, AccountFactory, ClientError, ConnectFactory, MySQLServer, NamespacePool, Network

# The drivers' own ways to reconnect are deprecated in some.
pytestmark = [pytest.mark.live, pytest.mark.filterwarnings("ignore:.*reconnect:DeprecationWarning")]

RED, BLUE = "192.0.2.2", "198.51.100.2"
DRIVERS: dict[str, Any] = {
    name: name for name in ("mysql.connector", "mysql.connector.cext", "pymysql", "mysqldb", "mariadb")
}
FUNCTIONS = {
    "connector-function": mysql.connector.connect,
    "cext-function": functools.partial(mysql.connector.connect, use_pure=False),
    "pymysql-function": pymysql.connect,
    "mysqldb-function": MySQLdb.connect,
    "mariadb-function": mariadb.connect,
}
ALL = DRIVERS | FUNCTIONS
every_driver = pytest.mark.parametrize("driver", ALL.values(), ids=ALL.keys())


@pytest.fixture
def app(netns_account: AccountFactory) -> Account:
    """An account that may come from anywhere."""
    return netns_account("app", host="%", password="pässword")


def ask(connection: Any, query: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(query)
    (found,) = cursor.fetchone()
    cursor.close()
    return found


def reconnect(connection: Any) -> None:
    """Reconnect in the driver's own way."""
    if hasattr(connection, "reconnect"):
        connection.reconnect()
    else:
        connection.ping(True)


@every_driver
def test_a_connection_comes_from_its_namespace(netns_connect: ConnectFactory, app: Account, driver: Any) -> None:
    assert ask(netns_connect("red", driver=driver, account=app), "SELECT USER()") == f"app@{RED}"
    assert ask(netns_connect("blue", driver=driver, endpoint="red"), "SELECT USER()") == f"blue_user@{BLUE}"


@every_driver
@pytest.mark.netns("blue")
def test_a_connection_that_was_killed_reconnects_from_its_namespace(
    netns_connect: ConnectFactory, app: Account, netns_mysqld: MySQLServer, driver: Any
) -> None:
    connection = netns_connect("red", driver=driver, account=app)
    for _ in range(2):
        netns_mysqld.execute(f"KILL {ask(connection, 'SELECT CONNECTION_ID()')}")
        reconnect(connection)
        assert ask(connection, "SELECT USER()") == f"app@{RED}"


@every_driver
@pytest.mark.netns("blue")
def test_a_thread_connects_and_reconnects_from_the_namespace_that_was_asked_for(
    netns_connect: ConnectFactory, app: Account, netns: Network, driver: Any
) -> None:
    def work(namespace: str) -> str:
        connection = netns_connect(namespace, driver=driver, account=app)
        reconnect(connection)
        return str(ask(connection, "SELECT USER()"))

    with netns["red"], ThreadPoolExecutor(2) as pool:
        assert [*pool.map(work, ["red", "blue"] * 2)] == [f"app@{RED}", f"app@{BLUE}"] * 2


def test_use_pure_false_is_the_c_extension(netns_connect: ConnectFactory) -> None:
    for options in ({"use_pure": False}, {"driver": "mysql.connector.cext"}):
        connection = netns_connect("red", **options)
        assert isinstance(connection, CMySQLConnection)
        assert ask(connection, "SELECT USER()") == f"red_user@{RED}"


@pytest.mark.netns_mysqld(flavor="mysql")  # MariaDB has no certificates here
@pytest.mark.parametrize("driver", DRIVERS)
def test_an_account_that_requires_tls_gets_it(
    netns_connect: ConnectFactory, netns_account: AccountFactory, driver: str
) -> None:
    account = netns_account("safe", host="%", password="p", require="SSL")
    connection = netns_connect("red", driver=driver, account=account)
    cursor = connection.cursor()
    cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
    assert cursor.fetchone()[1] != ""
    cursor.close()


@pytest.mark.parametrize("driver", DRIVERS)
def test_options_have_the_same_names_for_every_driver(netns_connect: ConnectFactory, driver: str) -> None:
    connection = netns_connect("red", driver=driver, connection_timeout=7, autocommit=True, db="information_schema")
    assert ask(connection, "SELECT DATABASE()") == "information_schema"
    assert ask(connection, "SELECT @@autocommit") == 1


@every_driver
def test_the_administrator(netns_mysqld: MySQLServer, driver: Any) -> None:
    with contextlib.closing(netns_mysqld.connect(driver=driver)) as connection:
        assert ask(connection, "SELECT CURRENT_USER()") == "root@localhost"
    with contextlib.closing(netns_mysqld.connect(driver=driver, db="mysql")) as connection:
        assert ask(connection, "SELECT DATABASE()") == "mysql"
        if not isinstance(driver, functools.partial):
            assert ask(connection, "SELECT @@autocommit") == 1


def test_a_pool_of_mysql_connector_grows_and_reconnects_from_its_namespace(
    netns: Network, app: Account, netns_mysqld: MySQLServer
) -> None:
    place = netns_mysqld.endpoint("red")
    pool = NamespacePool(
        netns["red"],
        pool_name="shop",
        pool_size=2,
        host=place.address,
        port=place.port,
        user="app",
        password=app.password,
    )
    with netns["blue"]:
        first = pool.get_connection()
        number = ask(first, "SELECT CONNECTION_ID()")
        first.close()
        netns_mysqld.execute(f"KILL {number}")
        connections = [pool.get_connection() for _ in range(2)]
        assert [ask(connection, "SELECT USER()") for connection in connections] == [f"app@{RED}"] * 2
        for connection in connections:
            connection.close()
    pool.close()


def test_a_connection_of_compiled_code_that_is_asynchronous_does_not_reconnect_elsewhere(
    netns_connect: ConnectFactory, netns_account: AccountFactory, netns_mysqld: MySQLServer
) -> None:
    async def ask(connection: Any) -> tuple[str, int]:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT USER(), CONNECTION_ID()")
            user, number = await cursor.fetchone()
            return user, number

    account = netns_account("compiled", host="%", password="password")
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        connection = netns_connect(
            "red", account=account, driver=lambda **options: loop.run_until_complete(asyncmy.connect(**options))
        )
        user, number = loop.run_until_complete(ask(connection))
        assert user == "compiled@192.0.2.2"
        netns_mysqld.execute(f"KILL {number}")
        with pytest.raises(ClientError, match="is asynchronous: it is called in the namespace, but it connects when"):
            loop.run_until_complete(connection.ping(reconnect=True))
