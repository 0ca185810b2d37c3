"""Tests that ask for the run's server, and for the server of a factory."""

import pytest

from pytest_netns_mysql import factories

shop = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})


def limit(server):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@global.max_connections")
        return cursor.fetchone()[0]


@pytest.mark.netns("red")
def test_own(netns_mysqld):
    assert limit(netns_mysqld) == 19


@pytest.mark.netns("blue")
def test_shop(shop):
    assert limit(shop) == 19
