"""Changes of accounts that a test left: reported by the names of the accounts, and undone."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import MySQLServer, factories
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.reset import put_back

of_mysql = factories.mysqld(options={"port": 3321}, scope="module")
of_mariadb = factories.mysqld(options={"port": 3322}, mysqld="mariadb", scope="module")

pytestmark = pytest.mark.live

CHANGES = {
    "new": (["CREATE USER ann@'%'", "GRANT SELECT ON *.* TO ann@'%'"], ["account 'ann'@'%' is new"]),
    "gone": (["DROP USER known@localhost"], ["account 'known'@'localhost' is gone"]),
    "password": (["ALTER USER known@localhost IDENTIFIED BY 'x'"], ["account 'known'@'localhost' is changed"]),
    "schema": (["GRANT SELECT ON shop.* TO known@localhost"], ["account 'known'@'localhost' is changed"]),
    "table": (["GRANT SELECT (a) ON shop.t TO known@localhost"], ["account 'known'@'localhost' is changed"]),
    "routine": (["GRANT EXECUTE ON PROCEDURE shop.p TO known@localhost"], ["account 'known'@'localhost' is changed"]),
    "proxy": (["GRANT PROXY ON other@localhost TO known@localhost"], ["account 'known'@'localhost' is changed"]),
    "role": (["GRANT reader TO known@localhost"], ["account 'known'@'localhost' is changed"]),
    "two": (
        ["CREATE USER bob@'192.0.2.%'", "DROP USER known@localhost"],
        ["account 'bob'@'192.0.2.%' is new", "account 'known'@'localhost' is gone"],
    ),
}


@pytest.fixture(params=["of_mysql", "of_mariadb"], scope="module")
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """A server with the accounts 'known'@'localhost' and 'other'@'localhost', a role and a schema."""
    found: MySQLServer = request.getfixturevalue(request.param)
    for statement in (
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.t (a INT)",
        "CREATE PROCEDURE shop.p() SELECT 1",
        "CREATE USER known@localhost",
        "CREATE USER other@localhost",
        "CREATE ROLE reader",
    ):
        found.execute(statement)
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_reported_by_the_accounts_name_and_undone(server: MySQLServer, change: str) -> None:
    statements, lines = CHANGES[change]
    before = read_state(server)
    for statement in statements:
        server.execute(statement)
    result = put_back(server, before)
    assert sorted(result.found) == lines
    assert result.stays == ()
    assert put_back(server, before).found == ()
