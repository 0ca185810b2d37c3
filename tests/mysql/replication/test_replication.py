"""Replicas: refused sources, errors that show both servers, and accounts that end with the replica."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import (
    ConnectFactory,
    MySQLServer,
    Network,
    Replica,
    ReplicationError,
    UnknownNamespaceError,
    factories,
)

pytestmark = pytest.mark.live

source = factories.source(bind_address="192.0.2.2/red", options={"port": 3330}, scope="module")
same_id = factories.source(bind_address="198.51.100.2/blue", options={"port": 3331, "server_id": "77"}, scope="module")
replica = factories.replica(
    source, bind_address="198.51.100.2/blue", options={"port": 3332, "server_id": 77}, scope="module"
)
short = factories.replica(source, bind_address="198.51.100.2/blue", options={"port": 3333}, scope="function")
on_the_replica = factories.client(replica, namespace="red")
on_the_source = factories.client(source, namespace="red")
own_account = factories.replica(
    "source",
    bind_address="198.51.100.2/blue",
    options={"port": 3334},
    replication_options={"SOURCE_USER": "mine", "SOURCE_PASSWORD": "m'i\\ne", "SOURCE_SSL": True},
    scope="function",
)


def accounts(server: MySQLServer) -> set[str]:
    return {
        f"{user}@{host}" for user, host in server.execute("SELECT user, host FROM mysql.user WHERE host LIKE '%.%'")
    }


def test_a_server_without_a_binary_log_is_refused_as_source(netns_mysqld: MySQLServer, replica: Replica) -> None:
    with pytest.raises(ReplicationError) as error:
        replica.replicate(netns_mysqld, channel="other")
    assert str(error.value).splitlines() == [
        f"replica cannot replicate from {netns_mysqld.name}: {netns_mysqld.name} writes no binary log with GTIDs",
        "  where: server replica",
        "  do: make the source with factories.source(...)",
        '  do: or give it options={"log_bin": None, "gtid_mode": "ON", "enforce_gtid_consistency": "ON"}',
        "  do: for netns_mysqld: [mysqld.options] in the topology, as the preset replication has them",
    ]


def test_a_channel_and_a_source_are_taken_once(source: MySQLServer, same_id: MySQLServer, replica: Replica) -> None:
    with pytest.raises(ReplicationError, match=r"its channel '' has a source already\n.*\n  do: name another channel"):
        replica.replicate(same_id)
    with pytest.raises(ReplicationError, match="another of its channels replicates from source already"):
        replica.replicate(source, channel="again")


def test_two_servers_of_one_server_id(same_id: MySQLServer, replica: Replica) -> None:
    with pytest.raises(ReplicationError, match="both servers have server_id 77") as error:
        replica.replicate(same_id, channel="other")
    assert 'do: give one of them another server_id: options={"server_id": ...}' in str(error.value)
    replica.wait_until_caught_up()
    assert list(replica.channels) == [""]


def test_an_unknown_namespace_is_refused(same_id: MySQLServer, replica: Replica) -> None:
    same_id.execute("SET GLOBAL server_id = 78")
    try:
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'rad'"):
            replica.replicate(same_id, channel="other", network_namespace="rad")
    finally:
        same_id.execute("SET GLOBAL server_id = 77")


def test_an_unknown_namespace_stops_the_receiver(source: MySQLServer, short: Replica) -> None:
    """What mysqld itself says of it: the CHANGE succeeds, and the receiver ends."""
    short.channel.change(NETWORK_NAMESPACE="green")
    short.wait_until_disconnected(errno=13117)
    with pytest.raises(ReplicationError) as error:
        short.wait_until_caught_up()
    lines = str(error.value).splitlines()
    assert lines[0] == "short cannot catch up with source: it has stopped"
    assert lines[1] == "  where: from namespace blue to 192.0.2.2/red, port 3330"
    assert lines[2].startswith(
        "  tried: short: Replica_IO_Running: No, Replica_SQL_Running: Yes, Source_Host: 192.0.2.2"
    )
    assert "Network_Namespace: green" in lines[2]
    assert "Last_IO_Error" in lines[2]
    assert lines[3].startswith("  tried: source: gtid_executed: ")
    assert lines[4] == "  tried: missing on short: nothing"
    short.channel.change(NETWORK_NAMESPACE="blue")
    short.wait_until_caught_up()


def test_a_failed_applier_is_reported_at_once(source: MySQLServer, short: Replica) -> None:
    short.execute("SET SESSION sql_log_bin = 0")
    short.execute("CREATE SCHEMA there_already")
    source.execute("CREATE SCHEMA there_already")
    try:
        with pytest.raises(ReplicationError, match=r"tried: short: Worker 1 failed.*there_already"):
            short.wait_until_caught_up(timeout=60)
    finally:
        source.execute("DROP SCHEMA there_already")


def test_the_account_of_a_replica_is_dropped_with_the_replica(source: MySQLServer, replica: Replica) -> None:
    """Replicas of tests that have ended, if any, have left no account."""
    assert accounts(source) == {"replica@198.51.100.2"}
    replica.wait_until_caught_up()
    assert accounts(replica) == {"replica@198.51.100.2"}


def test_an_account_of_the_users_own(source: MySQLServer, request: pytest.FixtureRequest) -> None:
    source.execute("CREATE USER mine@'198.51.100.2' IDENTIFIED BY 'm''i\\\\ne' REQUIRE SSL")
    source.execute("GRANT REPLICATION SLAVE ON *.* TO mine@'198.51.100.2'")
    try:
        replica = request.getfixturevalue("own_account")
        assert replica.status["Source_User"] == "mine"
        assert replica.status["Source_SSL_Allowed"] == "Yes"
    finally:
        source.execute("DROP USER mine@'198.51.100.2'")


def test_clients_of_both_ends_share_an_account(
    on_the_replica: object, on_the_source: object, source: MySQLServer
) -> None:
    assert "red_user@192.0.2.2" in accounts(source)


def test_a_replica_has_no_transactions_of_its_own(source: MySQLServer, replica: Replica) -> None:
    replica.wait_until_caught_up()
    assert source.execute("SELECT @@GLOBAL.gtid_executed") == replica.execute("SELECT @@GLOBAL.gtid_executed")


def test_a_restarted_source_is_found_again(source: MySQLServer, replica: Replica) -> None:
    source.restart()
    replica.wait_until_connected()
    replica.wait_until_caught_up()
    assert replica.status.is_connected


def test_status_is_what_the_tables_say(netns: Network, replica: Replica) -> None:
    status = replica.status
    assert status["Auto_Position"] == 1
    assert (status.applier["SERVICE_STATE"], len(status.workers)) == ("ON", 4)
    assert status.is_connected
    assert not status.has_stopped
    assert "Network_Namespace: blue" in str(status)


def test_a_source_must_be_a_fixture(request: pytest.FixtureRequest, netns_connect: ConnectFactory) -> None:
    from pytest_netns_mysql.factories.declared import name_of

    with pytest.raises(ReplicationError) as error:
        name_of(netns_connect, request.node)
    assert str(error.value).splitlines()[1:] == [
        f"  where: {request.node.nodeid}",
        '  do: name the fixture: factories.replica("netns_mysqld", ...)',
        "  do: pass what a factory returned",
    ]
