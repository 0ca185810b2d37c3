"""The manual, "Network Namespace Monitoring": where a replica shows the namespace of its connection."""

from collections.abc import Iterator

import pytest

from pytest_netns_mysql import MySQLServer

pytestmark = [
    pytest.mark.netns(topology="red-blue"),  # the manual's network, whatever --netns-topology chooses
    pytest.mark.netns_mysqld(flavor="mysql"),
]

CHANNEL = "to_red"


@pytest.fixture
def replica(netns_mysqld: MySQLServer) -> Iterator[MySQLServer]:
    """Give a server whose replication is configured, and not started."""
    netns_mysqld.execute(
        f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '192.0.2.2', NETWORK_NAMESPACE = 'red' FOR CHANNEL '{CHANNEL}'"
    )
    yield netns_mysqld
    netns_mysqld.execute(f"RESET REPLICA ALL FOR CHANNEL '{CHANNEL}'")


def test_the_performance_schema_shows_the_namespace(replica: MySQLServer) -> None:
    """The connection configuration of the performance schema has a column for the namespace."""
    rows = replica.execute(
        "SELECT HOST, NETWORK_NAMESPACE FROM performance_schema.replication_connection_configuration"
        " WHERE CHANNEL_NAME = %s",
        CHANNEL,
    )
    print(rows)
    assert rows == [("192.0.2.2", "red")]


def test_the_metadata_repository_shows_the_namespace(replica: MySQLServer) -> None:
    """So has the replica's connection metadata repository, a table of the mysql schema."""
    rows = replica.execute(
        "SELECT Host, Network_namespace FROM mysql.slave_master_info WHERE Channel_name = %s", CHANNEL
    )
    print(rows)
    assert rows == [("192.0.2.2", "red")]


def test_show_replica_status_shows_the_namespace(replica: MySQLServer) -> None:
    """And so has SHOW REPLICA STATUS."""
    with replica.connect() as connection, connection.cursor(dictionary=True) as cursor:
        cursor.execute(f"SHOW REPLICA STATUS FOR CHANNEL '{CHANNEL}'")
        (status,) = cursor.fetchall()
    print({key: status[key] for key in ("Channel_Name", "Source_Host", "Network_Namespace")})
    assert status["Network_Namespace"] == "red"


def test_without_the_option_it_is_the_global_namespace(replica: MySQLServer) -> None:
    """Left out, the namespace is the global one, which has no name to show."""
    replica.execute(f"RESET REPLICA ALL FOR CHANNEL '{CHANNEL}'")
    replica.execute(f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '192.0.2.2' FOR CHANNEL '{CHANNEL}'")
    rows = replica.execute("SELECT NETWORK_NAMESPACE FROM performance_schema.replication_connection_configuration")
    print(rows)
    assert rows == [("",)]


def test_an_unknown_namespace_is_accepted_until_it_is_used(replica: MySQLServer) -> None:
    """CHANGE REPLICATION SOURCE TO does not look whether the namespace exists; the connection does, later."""
    replica.execute(f"CHANGE REPLICATION SOURCE TO NETWORK_NAMESPACE = 'green' FOR CHANNEL '{CHANNEL}'")
    rows = replica.execute("SELECT NETWORK_NAMESPACE FROM performance_schema.replication_connection_configuration")
    print(rows)
    assert rows == [("green",)]
