"""admin_address in a namespace: the way in that stays open, for those who may use it, where they may be."""

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, EndpointError, MySQLServer

pytestmark = [pytest.mark.netns(topology="endpoints.toml"), pytest.mark.netns_mysqld(flavor="mysql")]

CONNECTIONS = "SELECT COUNT(*) FROM performance_schema.processlist WHERE COMMAND <> 'Daemon'"


def test_the_admin_endpoint_answers_when_all_connections_are_taken(
    netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    boss = netns_account("boss", host="192.0.2.2", grants="SERVICE_CONNECTION_ADMIN ON *.*")
    while netns_mysqld.execute(CONNECTIONS) < netns_mysqld.execute("SELECT @@max_connections"):
        netns_connect("blue")
    assert netns_mysqld.execute(CONNECTIONS) == [(151,)]
    with pytest.raises(mysql.connector.Error) as refused:
        netns_connect("red")
    assert refused.value.errno == 1040  # Too many connections

    for _ in range(3):  # as many as they like
        connection = netns_connect("red", account=boss, endpoint=netns_mysqld.endpoint("red", "admin"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT USER(), @@admin_address, @@admin_port")
            assert cursor.fetchone() == ("boss@192.0.2.2", "192.0.2.2/red", 33062)


@pytest.mark.netns("red")
def test_the_admin_endpoint_takes_nobody_without_the_privilege(
    netns_mysqld: MySQLServer, netns_connect: ConnectFactory
) -> None:
    with pytest.raises(mysql.connector.Error) as refused:
        netns_connect(endpoint=netns_mysqld.endpoint("red", "admin"))
    assert refused.value.errno == 1227  # you need SERVICE_CONNECTION_ADMIN


def test_there_is_one_admin_endpoint(netns_mysqld: MySQLServer) -> None:
    with pytest.raises(EndpointError, match="the server has no admin endpoint in blue"):
        netns_mysqld.endpoint("blue", "admin")
