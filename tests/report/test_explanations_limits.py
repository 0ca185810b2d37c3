"""Explanations of limits that are reached: who holds the connections, which limit it is."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live


def test_all_connections_of_the_server(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="%")
    netns_mysqld.execute("SET GLOBAL max_connections = 4")
    netns_connect("blue", account=app)
    found = explained(lambda: [netns_connect("red", account=app) for _ in range(4)])
    assert found.what == "the server has no connection left: max_connections is 4, set by SET GLOBAL in this test"
    (held,) = found.details
    assert held.startswith("open connections: ")
    assert "1 of app from 198.51.100.2 (namespace blue)" in held
    assert " of app from 192.0.2.2 (namespace red)" in held
    assert "this plugin's own 2 sessions (root, Unix socket)" in held
    assert found.remedies[1] == "or raise the limit: SET GLOBAL max_connections = 151"


def test_all_connections_of_a_user(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%")
    netns_mysqld.execute("SET GLOBAL max_user_connections = 2")
    found = explained(lambda: [netns_connect("red", account=app) for _ in range(3)])
    assert found.what == (
        "'app'@'192.0.2.%' has all the connections that it may have: max_user_connections is 2, set by SET GLOBAL in "
        "this test"
    )
    assert found.details == ("open connections: 2 of app from 192.0.2.2 (namespace red)",)


def test_the_limit_of_an_account(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%")
    netns_mysqld.execute(f"ALTER USER {app} WITH MAX_USER_CONNECTIONS 1")
    found = explained(lambda: [netns_connect("red", account=app) for _ in range(2)])
    assert found.what == "the account 'app'@'192.0.2.%' has its 1 connection (MAX_USER_CONNECTIONS)"
    assert found.details == ("open connections: 1 of app from 192.0.2.2 (namespace red)",)
    assert found.remedies[1] == (
        "or lift the limit (0 means no limit): ALTER USER 'app'@'192.0.2.%' WITH MAX_USER_CONNECTIONS 0"
    )


def test_the_statements_of_an_account_in_an_hour(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%")
    netns_mysqld.execute(f"ALTER USER {app} WITH MAX_QUERIES_PER_HOUR 9")
    connection = netns_connect("red", account=app, driver="pymysql")
    found = explained(lambda: run(connection, *["SELECT 1"] * 10))
    assert found.what == "the account 'app'@'192.0.2.%' has used its 9 statements per hour (MAX_QUERIES_PER_HOUR)"
    assert found.remedies == (
        "lift the limit (0 means no limit): ALTER USER 'app'@'192.0.2.%' WITH MAX_QUERIES_PER_HOUR 0",
        "or empty the counts of all accounts: FLUSH USER_RESOURCES",
    )
