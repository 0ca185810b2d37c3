"""Options of connections: the same names work with each driver, and what a driver does not know is one error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import mysql.connector
import pymysql
import pytest

from pytest_netns_mysql import AccountFactory, ClientError, ConnectFactory, MySQLServer

pytestmark = pytest.mark.live


class OfPyMySQL(pymysql.connections.Connection):  # type: ignore[misc,unused-ignore]
    """A project's own class."""


DRIVERS: dict[str, Any] = {
    "default": None,
    "connector": "mysql.connector",
    "connector-function": mysql.connector.connect,
    "pymysql": "pymysql",
    "pymysql-function": pymysql.connect,
    "pymysql-class": OfPyMySQL,
    "pymysql-partial": functools.partial(pymysql.connect, charset="utf8mb4"),
}
every_driver = pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS.keys())


def ask(connection: Any, query: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return tuple(cursor.fetchone())


@every_driver
def test_the_administrator(netns_mysqld: MySQLServer, driver: Any) -> None:
    with netns_mysqld.connect(
        driver=driver, database="sys", connection_timeout=7, autocommit=False, sql_mode="ANSI", charset="utf8mb4"
    ) as connection:
        assert ask(connection, "SELECT CURRENT_USER(), DATABASE(), @@autocommit") == ("root@localhost", "sys", 0)
        assert "ANSI" in ask(connection, "SELECT @@sql_mode")[0]
    with netns_mysqld.connect(driver=driver, db="mysql", connect_timeout=7) as connection:
        assert ask(connection, "SELECT DATABASE(), @@autocommit") == ("mysql", 1)  # whichever driver it is


@every_driver
def test_in_a_namespace(netns_mysqld: MySQLServer, netns_account: AccountFactory, driver: Any) -> None:
    netns_account("app", host="192.0.2.2", password="x", schema="shop")
    with netns_mysqld.connect(
        "red", driver=driver, username="app", passwd="x", schema="shop", connection_timeout=7, autocommit=True
    ) as connection:
        assert ask(connection, "SELECT USER(), DATABASE(), @@autocommit") == ("app@192.0.2.2", "shop", 1)


@every_driver
def test_of_the_fixture(netns_connect: ConnectFactory, netns_account: AccountFactory, driver: Any) -> None:
    app = netns_account("app", host="192.0.2.2", password="x", schema="shop")
    with netns_connect("red", account=app, driver=driver, db="information_schema", read_timeout=30) as connection:
        assert ask(connection, "SELECT USER(), DATABASE()") == ("app@192.0.2.2", "information_schema")
    with netns_connect("red", account=app, driver=driver, ssl_disabled=False) as connection:
        assert ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'")[1] != ""
    with netns_connect("red", driver=driver, ssl_disabled=True) as connection:
        assert ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'")[1] == ""


@every_driver
def test_the_limit_for_the_connecting(netns_connect: ConnectFactory, driver: Any) -> None:
    limits: list[dict[str, Any]] = [{"connection_timeout": 7}, {"connect_timeout": 7}]
    for limit in limits:
        connection = netns_connect("red", driver=driver, **limit)
        assert {vars(connection).get("_connection_timeout"), vars(connection).get("connect_timeout")} == {7, None}


@pytest.mark.parametrize("place", ["administrator", "namespace", "fixture"])
@pytest.mark.parametrize(
    ("driver", "option", "message"),
    [
        ("pymysql", "buffered", "PyMySQL takes no option buffered=, an option of mysql.connector"),
        (pymysql.connect, "buffered", "PyMySQL takes no option buffered=, an option of mysql.connector"),
        (
            "mysql.connector",
            "cursorclass",
            "mysql.connector takes no option cursorclass=, an option of PyMySQL",
        ),
        (None, "nonsense", "mysql.connector takes no option nonsense="),
        (mysql.connector.connect, "nonsense", "mysql.connector takes no option nonsense="),
    ],
    ids=["pymysql", "pymysql-function", "connector", "default", "connector-function"],
)
def test_an_option_that_the_driver_does_not_know(
    netns_mysqld: MySQLServer, netns_connect: ConnectFactory, place: str, driver: Any, option: str, message: str
) -> None:
    places: dict[str, Callable[..., Any]] = {
        "administrator": netns_mysqld.connect,
        "namespace": functools.partial(netns_mysqld.connect, "red", user="root"),
        "fixture": functools.partial(netns_connect, "red"),
    }
    with pytest.raises(ClientError) as error:
        places[place](driver=driver, **{option: True})
    first, where, tried, *remedies = str(error.value).splitlines()
    assert first == message
    assert where == f"  where: options of {message.partition(' ')[0]}"
    assert tried.startswith("  tried: its options are ")
    assert " database, " in tried
    assert remedies == [f"  do: leave {option}= out, or pass a driver that takes it: driver=..."]


def test_an_option_that_is_nearly_right(netns_mysqld: MySQLServer) -> None:
    with pytest.raises(ClientError, match=r"PyMySQL takes no option databse=\n(?:.*\n)*  do: write database=\n"):
        netns_mysqld.connect(driver="pymysql", databse="sys")


@pytest.mark.parametrize("driver", [None, "pymysql", mysql.connector.connect], ids=["default", "pymysql", "function"])
def test_an_option_that_is_given_twice(netns_mysqld: MySQLServer, netns_connect: ConnectFactory, driver: Any) -> None:
    for connect in (netns_mysqld.connect, functools.partial(netns_connect, "red")):
        with pytest.raises(ClientError) as error:
            connect(driver=driver, database="sys", db="mysql")
        first, _, remedy = str(error.value).splitlines()
        assert first == "database is given twice, as database= and as db="
        assert remedy == "  do: write database= only"


def test_a_function_of_ones_own_gets_what_was_written(netns_connect: ConnectFactory) -> None:
    given: dict[str, Any] = {}

    def connect(**options: Any) -> Any:
        given.update(options)
        return pymysql.connect(user=options["user"], host=options["host"], port=options["port"])

    netns_connect("red", driver=connect, anything=1, connect_timeout=3)
    assert given.items() >= {"anything": 1, "connect_timeout": 3, "database": "red_schema"}.items()


@pytest.mark.netns("red")
def test_x_devapi(netns_connect: ConnectFactory, netns_account: AccountFactory, netns_mysqlx: Any) -> None:
    app = netns_account("app", host="192.0.2.2", password="x", schema="shop")
    names: list[dict[str, Any]] = [{"database": "shop"}, {"schema": "shop"}, {"db": "shop"}]
    for schema in names:
        session = netns_connect("red", account=app, driver="mysqlx", connection_timeout=7, **schema)
        assert session.sql("SELECT USER(), DATABASE()").execute().fetch_one()[0] == "app@192.0.2.2"
        assert session.get_default_schema().get_name() == "shop"
    with pytest.raises(ClientError, match="X DevAPI takes no option autocommit=, an option of"):
        netns_connect("red", driver="mysqlx", autocommit=True)
