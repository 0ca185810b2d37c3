"""Replication between namespaces: what the source sees of its replica, and what becomes of a broken link."""

import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, Network, Replica, ReplicationError, factories

pytestmark = [pytest.mark.netns(topology="replication"), pytest.mark.netns_mysqld(flavor="mysql")]

replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")


def test_the_replica_has_what_the_source_writes(replica: Replica, netns_connect: ConnectFactory) -> None:
    connection = netns_connect("source")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE city (name VARCHAR(20) PRIMARY KEY)")
        cursor.execute("INSERT INTO city VALUES ('Uppsala')")
        connection.commit()
    replica.wait_until_caught_up()
    assert replica.execute("SELECT name FROM source_schema.city") == [("Uppsala",)]


def test_the_source_sees_where_its_replica_stands(netns_mysqld: MySQLServer, replica: Replica) -> None:
    """The account that replicates is 'replica'@'198.51.100.2': any other host would not be let in."""
    assert replica.channel.origin == "198.51.100.2"
    assert replica.source is netns_mysqld


def test_where_the_manual_shows_the_namespace(replica: Replica) -> None:
    assert replica.status["Network_Namespace"] == "replica"
    assert replica.status.configuration["NETWORK_NAMESPACE"] == "replica"
    assert replica.status.receiver["SERVICE_STATE"] == "ON"
    assert replica.execute("SELECT Network_namespace FROM mysql.slave_master_info") == [("replica",)]


def test_an_account_of_the_test_is_on_the_replica_too(replica: Replica, netns_connect: ConnectFactory) -> None:
    """It is made on the source, as in production: the replica writes nothing of its own."""
    connection = netns_connect("source", server=replica)
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER(), @@server_id <> 1")
        assert cursor.fetchone() == ("source_user@192.0.2.2", 1)


def test_a_broken_link_is_noticed_and_healed(netns: Network, netns_mysqld: MySQLServer, replica: Replica) -> None:
    netns.link("replica").down()
    try:
        noticed = replica.wait_until_disconnected()
        replica.wait_until_disconnected(errno=2003)  # Can't connect to MySQL server
        netns_mysqld.execute("CREATE SCHEMA written_meanwhile")
        with pytest.raises(ReplicationError, match="did not catch up with mysqld") as behind:
            replica.wait_until_caught_up(timeout=0.2)
        print(behind.value)
    finally:
        netns.link("replica").up()
    healed = replica.wait_until_connected()
    netns_mysqld.execute("DROP SCHEMA written_meanwhile")
    caught_up = replica.wait_until_caught_up()
    print(f"noticed after {noticed:.2f} s, healed after {healed:.2f} s, caught up after {caught_up:.3f} s")
