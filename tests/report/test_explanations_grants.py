"""Explanations of refused statements: which account counted, what it may do, and what would have let it run."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any

import mysql.connector
import pymysql
import pytest

from pytest_netns_mysql import AccountFactory, ArgvFactory, ConnectFactory, MySQLServer
from pytest_netns_mysql.report.explanations.loginaccounts import picked_account
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live


@pytest.fixture
def shop(netns_mysqld: MySQLServer) -> None:
    """A schema with a table and a procedure."""
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.goods (name VARCHAR(9), price INT)")
    netns_mysqld.execute("CREATE PROCEDURE shop.sell() SELECT 1")


@pytest.fixture(params=["mysql.connector", "pymysql"])
def app(
    request: pytest.FixtureRequest, shop: None, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> Any:
    """A connection from red that may read the shop."""
    account = netns_account("app", host="192.0.2.%", grants="SELECT ON shop.*")
    return netns_connect("red", account=account, driver=request.param)


def test_a_table(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "INSERT INTO shop.goods VALUES ('pen', 1)"))
    assert found.what == "'app'@'192.0.2.%' has no INSERT privilege on shop.goods"
    assert found.details == (
        "for app from 192.0.2.2 (namespace red) the server picked 'app'@'192.0.2.%', which has only SELECT on shop.*",
    )
    assert found.remedies == (
        "GRANT INSERT ON shop.goods TO 'app'@'192.0.2.%'",
        'or create the account with it: netns_account("app", host="192.0.2.%", '
        'grants=["SELECT ON shop.*", "INSERT ON shop.goods"])',
    )


def test_a_table_of_the_selected_schema(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "USE shop", "DELETE FROM goods"))
    assert found.what == "'app'@'192.0.2.%' has no DELETE privilege on shop.goods"


def test_a_table_that_does_not_exist(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "INSERT INTO shop.good VALUES (1)"))
    assert found.what == "there is no table shop.good; there is shop.goods"
    assert found.remedies == ("write shop.goods",)
    assert found.details[0] == "'app'@'192.0.2.%' has no INSERT privilege on shop.good"


def test_a_column(
    explained: Explained, shop: None, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    account = netns_account("app", host="192.0.2.%", grants="SELECT (name) ON shop.goods")
    connection = netns_connect("red", account=account)
    found = explained(lambda: run(connection, "SELECT price FROM shop.goods"))
    assert found.what == "'app'@'192.0.2.%' has no SELECT privilege on the column price of shop.goods"
    assert found.details == (
        "for app from 192.0.2.2 (namespace red) the server picked 'app'@'192.0.2.%', which has only SELECT (name) "
        "on shop.goods",
    )
    assert found.remedies == (
        "GRANT SELECT (price) ON shop.goods TO 'app'@'192.0.2.%'",
        'or create the account with it: netns_account("app", host="192.0.2.%", '
        'grants=["SELECT (name, price) ON shop.goods"])',
    )


def test_the_grant_of_another_account(explained: Explained, app: Any, netns_account: AccountFactory) -> None:
    netns_account("app", host="198.51.100.%", grants="INSERT ON shop.*")
    found = explained(lambda: run(app, "INSERT INTO shop.goods VALUES ('pen', 1)"))
    assert found.details[0] == (
        "'app'@'198.51.100.%' has INSERT on shop.*, but a client from 192.0.2.2 (namespace red) is 'app'@'192.0.2.%'"
    )


def test_the_grant_of_a_less_specific_account(explained: Explained, app: Any, netns_account: AccountFactory) -> None:
    netns_account("app", host="%", grants="INSERT ON shop.*")
    found = explained(lambda: run(app, "INSERT INTO shop.goods VALUES ('pen', 1)"))
    assert found.details[0] == (
        "'app'@'%' has INSERT on shop.*, but the grants of the more specific 'app'@'192.0.2.%' count"
    )


def test_a_role_that_is_not_active(explained: Explained, app: Any, netns_mysqld: MySQLServer) -> None:
    for statement in ("CREATE ROLE seller", "GRANT INSERT ON shop.* TO seller", "GRANT seller TO app@'192.0.2.%'"):
        netns_mysqld.execute(statement)
    found = explained(lambda: run(app, "INSERT INTO shop.goods VALUES ('pen', 1)"))
    assert found.details[0] == (
        "its role 'seller'@'%' has INSERT on shop.*, but the role is not active in this connection"
    )
    assert found.remedies[0] == "SET DEFAULT ROLE ALL TO 'app'@'192.0.2.%', then open a new connection"


def test_a_partial_revoke(
    explained: Explained,
    shop: None,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_mysqld: MySQLServer,
) -> None:
    netns_mysqld.execute("SET GLOBAL partial_revokes = ON")
    account = netns_account("app", host="192.0.2.%", grants="SELECT ON *.*")
    netns_mysqld.execute(f"REVOKE SELECT ON shop.* FROM {account}")
    connection = netns_connect("red", account=account)
    found = explained(lambda: run(connection, "SELECT * FROM shop.goods"))
    assert found.what == "'app'@'192.0.2.%' has no SELECT privilege on shop.goods"
    assert found.details[0].endswith("which has only SELECT on *.*, not SELECT on shop.*")


def test_a_schema(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "USE mysql"))
    assert found.what == "'app'@'192.0.2.%' has no privilege on the schema mysql"
    assert found.details == (
        "for app from 192.0.2.2 (namespace red) the server picked 'app'@'192.0.2.%', which has only SELECT on shop.*",
    )
    assert found.remedies[0] == (
        "any privilege on mysql allows USE, for example: GRANT SELECT ON mysql.* TO 'app'@'192.0.2.%'"
    )


def test_a_schema_that_does_not_exist(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "USE shops"))
    assert found.what == "there is no schema shops; there is shop"
    assert found.details[0] == "'app'@'192.0.2.%' has no privilege on the schema shops"


def test_a_schema_of_an_earlier_test(explained: Explained, app: Any) -> None:
    put_away = {("mysqld", "bakery", ""): "test_bakery.py::test_it"}
    found = explained(lambda: run(app, "USE bakery"), put_away=put_away)
    assert found.what == (
        "there is no schema (database) bakery any more: test_bakery.py::test_it created it, and it was dropped after "
        "that test"
    )


def test_a_schema_to_be_created(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "CREATE SCHEMA new"))
    assert found.what == "'app'@'192.0.2.%' has no privilege on the schema new"
    assert found.remedies[0] == "GRANT CREATE ON new.* TO 'app'@'192.0.2.%'"


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("LOCK TABLES shop.goods WRITE", "has no LOCK TABLES privilege on the schema shop"),
        ("CREATE EVENT shop.e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "has no EVENT privilege on the schema shop"),
        ("DROP SCHEMA shop", "has no DROP privilege on the schema shop"),
        ("GRANT SELECT ON shop.* TO other", "has no GRANT OPTION privilege on the schema shop"),
        ("CREATE VIEW shop.v AS SELECT 1", "has no CREATE VIEW privilege on shop.v"),
        ("TRUNCATE shop.goods", "has no DROP privilege on shop.goods"),
    ],
)
def test_other_privileges(explained: Explained, app: Any, statement: str, what: str) -> None:
    assert explained(lambda: run(app, statement)).what == f"'app'@'192.0.2.%' {what}"


def test_a_routine(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "CALL shop.sell()"))
    assert found.what == "'app'@'192.0.2.%' has no EXECUTE privilege on the procedure shop.sell"
    assert found.remedies[0] == "GRANT EXECUTE ON PROCEDURE shop.sell TO 'app'@'192.0.2.%'"


def test_the_whole_server(explained: Explained, app: Any) -> None:
    found = explained(lambda: run(app, "SET GLOBAL max_connections = 9"))
    needed = "SUPER or SYSTEM_VARIABLES_ADMIN"
    assert found.what == f"\"SET GLOBAL max_connections = 9\" needs {needed}, and 'app'@'192.0.2.%' has none of them"
    assert found.remedies == (
        "GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO 'app'@'192.0.2.%'",
        'or run it as the administrator: netns_mysqld.execute("SET GLOBAL max_connections = 9")',
    )
    found = explained(lambda: run(app, "CREATE USER other"))
    assert found.what == "'app'@'192.0.2.%' has no CREATE USER privilege, which \"CREATE USER other\" needs"
    assert found.remedies[0] == "GRANT CREATE USER ON *.* TO 'app'@'192.0.2.%', then open a new connection"


def test_a_client_program(
    explained: Explained, shop: None, netns_account: AccountFactory, netns_argv: ArgvFactory
) -> None:
    account = netns_account("app", host="192.0.2.%", grants="SELECT ON shop.*")
    argv = netns_argv("mysql", "-e", "DELETE FROM shop.goods", namespace="red", account=account)
    found = explained(lambda: subprocess.run(argv, check=True, capture_output=True, timeout=60))
    assert found.what == "'app'@'192.0.2.%' has no DELETE privilege on shop.goods"


def test_mysqladmin(explained: Explained, shop: None, netns_account: AccountFactory, netns_argv: ArgvFactory) -> None:
    argv = netns_argv("mysqladmin", "shutdown", namespace="red", account=netns_account("app", host="192.0.2.%"))
    found = explained(lambda: subprocess.run(argv, check=True, capture_output=True, timeout=60))
    assert "needs SHUTDOWN" in found.what or "has no SHUTDOWN privilege" in found.what


def test_x_protocol(
    explained: Explained, shop: None, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqlx: object
) -> None:
    account = netns_account("app", host="192.0.2.%", grants="SELECT ON shop.*")
    session = netns_connect("red", account=account, driver="mysqlx")
    found = explained(lambda: session.sql("DELETE FROM shop.goods").execute())
    assert found.what == "'app'@'192.0.2.%' has no DELETE privilege on shop.goods"


class WrappedError(Exception):
    """An error that wraps that of the driver, as SQLAlchemy's DBAPIError does."""

    def __init__(self, orig: Exception) -> None:
        super().__init__(f"wrapped: {orig}")
        self.orig = orig


def test_an_error_that_another_one_wraps(explained: Explained, app: Any) -> None:
    def wrapping() -> None:
        try:
            run(app, "DELETE FROM shop.goods")
        except (mysql.connector.Error, pymysql.Error) as error:
            raise WrappedError(error) from None

    assert explained(wrapping).what == "'app'@'192.0.2.%' has no DELETE privilege on shop.goods"


def test_a_user_with_a_backslash(netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute(r"CREATE USER 'a\\b'@'192.0.2.%'")
    login = netns_mysqld.explain_login(r"a\b", "red")
    assert login.account == r"'a\\b'@'192.0.2.%'"
    assert picked_account(login) == (r"a\b", "192.0.2.%")
    assert picked_account(replace(login, candidates=())) == (r"a\b", "192.0.2.%")
