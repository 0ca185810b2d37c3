"""Tests of a project whose hooks are in netns_project.py."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, NamespaceConnection, StartFactory, factories

shop = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})


def limit(server: MySQLServer) -> int:
    """Return the connections that a server allows."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@global.max_connections")
        ((number,),) = cursor.fetchall()
    return int(number)


@pytest.mark.netns("office")
def test_the_office_is_a_namespace(netns_mysql: NamespaceConnection) -> None:
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("office_user@203.0.113.2",)


def test_servers_have_the_limit_of_production(netns_mysqld: MySQLServer, shop: MySQLServer) -> None:
    assert (limit(netns_mysqld), limit(shop)) == (17, 17)


def test_a_server_of_one_test_has_its_own(netns_start_mysqld: StartFactory) -> None:
    assert limit(netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3308})) == 151


def test_that_fails(netns_connect: ConnectFactory) -> None:
    netns_connect("office")
    raise AssertionError("to show the sections of the report")
