import os

import mysql.connector
import pytest

from pytest_netns_mysql import SettingError, factories

THERE = os.environ["THERE"]


@pytest.mark.netns("prod")
def test_origin(netns_mysql, netns_mysqld):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == (f"prod_user@{THERE}",)
    assert netns_mysqld.version >= (8, 0, 22)
    netns_mysqld.execute("CREATE SCHEMA left_behind")
    netns_mysqld.execute("SET GLOBAL max_connections = 33")


@pytest.mark.netns("prod")
def test_grants(netns_account, netns_connect, netns_mysqld):
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'left%'") == []
    assert netns_mysqld.execute("SELECT @@max_connections") == [(151,)]
    account = netns_account("app", host="198.51.100.2")
    with pytest.raises(mysql.connector.Error, match=r"Access denied|not allowed"):
        netns_connect("prod", account=account)


client = factories.client("netns_mysqld", namespace="prod")


def test_a_client(client):
    assert client.is_connected()


def test_it_is_not_ours(netns_mysqld):
    for action in (netns_mysqld.restart, netns_mysqld.stop, netns_mysqld.kill, netns_mysqld.snapshot):
        with pytest.raises(SettingError, match=f"external:{THERE}:3306 cannot be .*: it is run by others"):
            action()
    assert netns_mysqld._describe() == f"{THERE}, run by others"


@pytest.mark.netns_mysqld(local=True)
def test_here(netns_mysqld): ...
