"""Statements that are refused for a missing privilege, although some account has it."""

import pytest

pytestmark = [pytest.mark.netns("red"), pytest.mark.netns_mysqld(flavor="mysql")]


def run(connect, account, statement):
    with connect("red", account=account).cursor() as cursor:
        cursor.execute(statement)


def test_no_privilege_on_the_schema(shop, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", grants=["SELECT ON mysql.time_zone"])
    run(netns_connect, app, f"USE {shop}")


def test_the_grant_belongs_to_another_host(shop, netns_account, netns_connect):
    """'app'@'%' may insert, but a client of red is 'app'@'192.0.2.2', and accounts do not inherit from each other."""
    netns_account("app", host="%", grants=[f"SELECT, INSERT ON {shop}.*"])
    app = netns_account("app", host="192.0.2.2", grants=[f"SELECT ON {shop}.*"])
    run(netns_connect, app, "INSERT INTO shop.orders VALUES (1, 10)")


def test_no_privilege_on_the_column(shop, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", grants=[f"SELECT (id) ON {shop}.orders"])
    run(netns_connect, app, "SELECT id, total FROM shop.orders")


def test_no_privilege_on_the_procedure(shop, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", grants=[f"SELECT ON {shop}.*"])
    run(netns_connect, app, "CALL shop.close_day()")


def test_no_privilege_of_an_administrator(netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", grants=["PROCESS ON *.*"])
    run(netns_connect, app, "SET GLOBAL max_connections = 5")
