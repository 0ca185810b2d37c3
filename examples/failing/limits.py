"""Servers and accounts that are full."""

import pytest

pytestmark = [pytest.mark.netns("red"), pytest.mark.netns_mysqld(flavor="mysql")]


def test_too_many_connections(netns_mysqld, netns_account, netns_connect):
    netns_mysqld.execute("SET GLOBAL max_connections = 4")  # two of them are the administrator's
    app = netns_account("app", host="%")
    pool = [netns_connect("blue", account=app) for _ in range(2)]
    assert pool
    netns_connect("red", account=app)


def test_too_many_connections_of_a_user(netns_mysqld, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2")
    netns_mysqld.execute("SET GLOBAL max_user_connections = 1")
    first = netns_connect("red", account=app)
    assert first.is_connected()
    netns_connect("red", account=app)


def test_too_many_statements_of_an_account(netns_mysqld, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2")
    netns_mysqld.execute("ALTER USER app@'192.0.2.2' WITH MAX_CONNECTIONS_PER_HOUR 1")
    netns_connect("red", account=app).close()
    netns_connect("red", account=app)
