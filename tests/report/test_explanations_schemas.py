"""Explanations of schemas, tables and accounts that are not there, and of servers that are read-only."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, NamespaceConnection
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live


def test_an_unknown_schema(explained: Explained, netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE SCHEMA shop")
    found = explained(lambda: netns_mysqld.execute("USE shops"))
    assert found.what == "there is no schema (database) shops on netns_mysqld"
    assert found.details == ("there is shop, with a similar name",)
    assert found.remedies == ("write shop",)
    found = explained(lambda: netns_mysqld.execute("USE bakery"))
    assert found.details == ()
    assert found.remedies[0] == "create it in the test or in a fixture: CREATE SCHEMA bakery"


def test_an_unknown_table(explained: Explained, netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.goods (a INT)")
    found = explained(lambda: netns_mysqld.execute("SELECT * FROM shop.good"))
    assert found.what == "there is no table shop.good on netns_mysqld"
    assert found.details == ("there is shop.goods, with a similar name",)
    assert found.remedies == ("write shop.goods",)


def test_a_schema_of_an_earlier_test(explained: Explained, netns_mysqld: MySQLServer) -> None:
    put_away = {("mysqld", "shop", ""): "test_shop.py::test_sale"}
    found = explained(lambda: netns_mysqld.execute("USE shop"), put_away=put_away)
    assert found.what == (
        "there is no schema (database) shop any more: test_shop.py::test_sale created it, and it was dropped after "
        "that test"
    )
    assert found.details == ("netns_leftovers = reset: what a test changes on a server is undone at its end",)
    found = explained(lambda: netns_mysqld.execute("GRANT SELECT ON shop.goods TO root@localhost"), put_away=put_away)
    assert found.what == (
        "there is no table shop.goods any more: test_shop.py::test_sale created it, and it was dropped with its schema "
        "shop after that test"
    )


def test_a_table_in_the_schema_of_an_account(explained: Explained, netns_connect: ConnectFactory) -> None:
    connection = netns_connect("red")
    put_away = {("", "red_schema", ""): "test_shop.py::test_sale"}
    found = explained(lambda: run(connection, "SELECT * FROM goods"), put_away=put_away)
    assert found.what == (
        "there is no table red_schema.goods any more: red_schema belongs to the account of each test, and is dropped "
        "with it"
    )
    assert found.details == ("the last test with this schema was test_shop.py::test_sale",)


def test_a_table_on_a_fresh_server(explained: Explained, netns_mysqld: MySQLServer) -> None:
    put_away = {("mysqld", "", ""): "test_shop.py::test_sale"}
    found = explained(lambda: netns_mysqld.execute("USE shop"), put_away=put_away)
    assert found.what == "there is no schema (database) shop on netns_mysqld"
    assert found.details == (
        "netns_mysqld was started anew after test_shop.py::test_sale: what earlier tests left is gone",
    )


def test_another_table_of_a_schema_that_is_there_again(explained: Explained, netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE SCHEMA shop")
    put_away = {("mysqld", "shop", ""): "test_shop.py::test_sale"}
    found = explained(lambda: netns_mysqld.execute("SELECT * FROM shop.goods"), put_away=put_away)
    assert found.what == "there is no table shop.goods on netns_mysqld"


def test_accounts(explained: Explained, netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    app = netns_account("app", host="192.0.2.%")
    found = explained(lambda: netns_mysqld.execute(f"CREATE USER {app}"))
    assert found.what == "CREATE USER was refused: 'app'@'192.0.2.%' exists already"
    found = explained(lambda: netns_mysqld.execute("DROP USER app"))
    assert found.what == "DROP USER was refused: there is no account 'app'@'%'"
    assert found.details == ("the accounts of that user are 'app'@'192.0.2.%'",)
    found = explained(lambda: netns_mysqld.execute("GRANT SELECT ON *.* TO app@'198.51.100.%'"))
    assert found.what == "GRANT does not create accounts, and there is no account 'app'@'198.51.100.%'"


def test_a_definer(explained: Explained, netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE DEFINER = gone@'192.0.2.2' VIEW shop.sales AS SELECT 1 AS a")
    found = explained(lambda: netns_mysqld.execute("SELECT * FROM shop.sales"))
    assert found.what == (
        "view shop.sales runs with the privileges of its definer 'gone'@'192.0.2.2', and that account does not exist"
    )


def test_a_plugin_that_is_not_loaded(explained: Explained, netns_mysqld: MySQLServer) -> None:
    found = explained(lambda: netns_mysqld.execute("CREATE USER app IDENTIFIED WITH mysql_native_password"))
    assert found.what == "the server has no authentication plugin mysql_native_password"


@pytest.mark.netns("red")
def test_a_read_only_server(explained: Explained, netns_mysqld: MySQLServer, netns_mysql: NamespaceConnection) -> None:
    netns_mysqld.execute("SET GLOBAL read_only = ON")
    found = explained(lambda: run(netns_mysql, "CREATE TABLE t (a INT)"))
    assert found.what == "netns_mysqld is read-only (read_only = ON), and the statement writes"
    assert found.remedies[0] == "SET GLOBAL read_only = OFF"
