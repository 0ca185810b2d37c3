"""Drivers by name: whatever a connection opens later is opened in its namespace."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_netns_mysql import Account, AccountFactory, ConnectFactory, MySQLServer, Network

pytestmark = pytest.mark.live

RED, BLUE = "192.0.2.2", "198.51.100.2"
DRIVERS = ["mysql.connector", "mysql.connector.cext", "pymysql", "mysqldb", "mariadb"]
every_driver = pytest.mark.parametrize("driver", DRIVERS)


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
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        connection.ping(True)


@every_driver
def test_a_connection_comes_from_its_namespace(netns_connect: ConnectFactory, app: Account, driver: str) -> None:
    assert ask(netns_connect("red", driver=driver, account=app), "SELECT USER()") == f"app@{RED}"
    assert ask(netns_connect("blue", driver=driver, endpoint="red"), "SELECT USER()") == f"blue_user@{BLUE}"


@every_driver
@pytest.mark.netns("blue")
def test_a_connection_that_was_killed_reconnects_from_its_namespace(
    netns_connect: ConnectFactory, app: Account, netns_mysqld: MySQLServer, driver: str
) -> None:
    connection = netns_connect("red", driver=driver, account=app)
    for _ in range(2):
        netns_mysqld.execute(f"KILL {ask(connection, 'SELECT CONNECTION_ID()')}")
        reconnect(connection)
        assert ask(connection, "SELECT USER()") == f"app@{RED}"


@every_driver
@pytest.mark.netns("blue")
def test_a_thread_connects_and_reconnects_from_the_namespace_that_was_asked_for(
    netns_connect: ConnectFactory, app: Account, netns: Network, driver: str
) -> None:
    def work(namespace: str) -> str:
        connection = netns_connect(namespace, driver=driver, account=app)
        reconnect(connection)
        return str(ask(connection, "SELECT USER()"))

    with netns["red"], ThreadPoolExecutor(2) as pool:
        assert [*pool.map(work, ["red", "blue"] * 2)] == [f"app@{RED}", f"app@{BLUE}"] * 2
