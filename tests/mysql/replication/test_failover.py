"""A replica that is promoted: it takes accounts and connections, and others replicate from it."""

from __future__ import annotations

import subprocess
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import (
    AccountFactory,
    ArgvFactory,
    ConnectFactory,
    MySQLServer,
    NetnsError,
    Replica,
    ReplicationError,
    ServerGoneError,
    factories,
)
from pytest_netns_mysql.mysql.waiting import wait_until

pytestmark = pytest.mark.live

source = factories.source(bind_address="192.0.2.2/red", options={"port": 3350}, scope="function")
replica = factories.replica(
    source,
    bind_address="198.51.100.2/blue",
    options={"port": 3351, "super_read_only": True},
    scope="function",
)
other = factories.replica(source, bind_address="198.51.100.2/blue", options={"port": 3352}, scope="function")
end_of_the_chain = factories.replica(
    replica, bind_address="198.51.100.2/blue", options={"port": 3353}, scope="function"
)


def user(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return str(cursor.fetchone()[0])


def promote(replica: Replica) -> None:
    replica.promote()


def by_hand(replica: Replica) -> None:
    replica.execute("STOP REPLICA")
    replica.execute("RESET REPLICA ALL")
    replica.execute("SET GLOBAL read_only = OFF")


@pytest.mark.parametrize("become_source", [promote, by_hand])
@pytest.mark.parametrize("is_gone", [True, False], ids=["source-gone", "source-there"])
def test_a_promoted_replica_takes_accounts_and_connections(
    source: MySQLServer,
    replica: Replica,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_argv: ArgvFactory,
    become_source: Any,
    is_gone: bool,
) -> None:
    assert (replica.writable, replica._dataset, replica.is_promoted) == (source, source, False)
    if is_gone:
        source.kill()
    become_source(replica)
    assert (replica.writable, replica._dataset, replica.is_promoted) == (replica, replica, True)
    replica.catch_up()
    app = netns_account("app", host="192.0.2.2", password="x", schema="shop", server=replica)
    for driver in (None, "pymysql"):
        with netns_connect("red", server=replica, account=app, driver=driver) as connection:
            assert user(connection) == "app@192.0.2.2"
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS orders (id INT PRIMARY KEY)")
    assert user(netns_connect("blue", server=replica)) == "blue_user@198.51.100.2"
    argv = netns_argv("mysql", "--execute=SHOW TABLES", namespace="red", account=app, server=replica)
    assert "orders" in subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    if not is_gone:
        assert source.execute("SHOW SCHEMAS LIKE 'shop'") == []
    assert replica.snapshot() is not None  # it neither replicates nor is replicated from


def test_a_replica_that_was_stopped(
    source: MySQLServer, replica: Replica, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    """The manual's failover of servers without GTIDs has no RESET REPLICA ALL."""
    replica.execute("STOP REPLICA")
    assert (replica.is_promoted, replica.writable) == (False, source)
    source.kill()
    replica.execute("RESET BINARY LOGS AND GTIDS" if replica.version >= (8, 2, 0) else "RESET MASTER")
    replica.execute("SET GLOBAL read_only = OFF")
    assert (replica.is_promoted, replica.writable) == (True, replica)
    app = netns_account("app", host="192.0.2.2", server=replica)
    assert user(netns_connect("red", server=replica, account=app)) == "app@192.0.2.2"


def test_what_was_received_is_applied_first(source: MySQLServer, replica: Replica) -> None:
    replica.execute("STOP REPLICA SQL_THREAD")
    source.execute("CREATE SCHEMA written_last")
    ((wanted,),) = source.execute("SELECT @@GLOBAL.gtid_executed")
    wait_until(
        lambda: replica.execute("SELECT GTID_SUBSET(%s, %s)", wanted, replica.status["Retrieved_Gtid_Set"]) == [(1,)],
        timeout=60,
        error=lambda: NetnsError("it was not received"),
    )
    source.kill()
    assert replica.execute("SHOW SCHEMAS LIKE 'written_last'") == []
    assert replica.promote() >= 0
    assert replica.execute("SHOW SCHEMAS LIKE 'written_last'") == [("written_last",)]
    assert replica.execute("SELECT @@super_read_only, @@read_only") == [(0, 0)]
    assert replica.execute("SHOW REPLICA STATUS") == []


def test_others_follow(source: MySQLServer, replica: Replica, other: Replica, end_of_the_chain: Replica) -> None:
    source.kill()
    replica.promote()
    assert end_of_the_chain.writable is replica
    channel = other.replicate(replica)
    assert channel is other.channel
    assert (other.source, other.writable, other._dataset) == (replica, replica, replica)
    replica.execute("CREATE SCHEMA written_later")
    other.wait_until_caught_up()
    end_of_the_chain.wait_until_caught_up()
    for one in (other, end_of_the_chain):
        assert one.execute("SHOW SCHEMAS LIKE 'written_later'") == [("written_later",)]
    assert channel.origin == "198.51.100.2"


def test_a_switch_while_the_source_is_there(source: MySQLServer, replica: Replica, other: Replica) -> None:
    replica.promote()
    with pytest.raises(ReplicationError) as error:
        other.replicate(replica)
    assert "do: other.switch_source(replica) leaves the other source" in str(error.value)
    other.switch_source(replica)
    assert other.source is replica
    source.execute("CREATE SCHEMA of_the_old_source")
    replica.execute("CREATE SCHEMA of_the_new_source")
    other.wait_until_caught_up()
    assert other.execute("SHOW SCHEMAS LIKE 'of_the_%%'") == [("of_the_new_source",)]
    with pytest.raises(ReplicationError, match="other has no channel 'second' that could switch to source"):
        other.switch_source(source, channel="second")
    told = "other cannot replicate from replica: another of its channels replicates from replica already"
    with pytest.raises(ReplicationError, match=told):
        other.replicate(replica, channel="second")


def test_a_switch_that_fails_leaves_the_source_as_it_was(
    source: MySQLServer, replica: Replica, netns_mysqld: MySQLServer
) -> None:
    with pytest.raises(ReplicationError, match="writes no binary log with GTIDs"):
        replica.switch_source(netns_mysqld)
    assert replica.source is source
    source.execute("CREATE SCHEMA written_later")
    replica.wait_until_caught_up()


def test_who_asks_a_replica_whose_source_is_gone(
    source: MySQLServer, replica: Replica, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    source.stop()
    for ask in (lambda: netns_account("app", server=replica), lambda: netns_connect("red", server=replica)):
        with pytest.raises(ServerGoneError) as error:
            ask()
        assert str(error.value).splitlines() == [
            "replica is a replica of source, which is not running: no server takes its writes",
            "  where: server replica",
            "  do: replica.promote() makes it a server that takes writes, as in a failover",
        ]
    source.restart()
    replica.wait_until_connected()
    netns_account("app", server=replica)


def test_promoted_once(source: MySQLServer, replica: Replica) -> None:
    replica.promote()
    with pytest.raises(ReplicationError) as error:
        replica.promote()
    assert str(error.value).splitlines() == [
        "replica cannot be promoted: it replicates from no server, because it was promoted or has never replicated",
        "  where: server replica",
        "  do: replica.replicate(source) makes it a replica",
    ]
    with pytest.raises(ReplicationError, match="replica has no channel: it replicates from no server"):
        _ = replica.channel
    assert "not running" not in replica._describe()
    replica.replicate(source)
    assert (replica.source, replica.is_promoted) == (source, False)


def test_a_promoted_server_that_ends(replica: Replica, netns_account: AccountFactory) -> None:
    replica.promote()
    replica.kill()
    with pytest.raises(ServerGoneError, match="mysqld is not running: it was ended by SIGKILL"):
        netns_account("app", server=replica)


def test_a_server_without_a_source_cannot_be_promoted(source: MySQLServer, netns_mysqld: MySQLServer) -> None:
    for server in (source, netns_mysqld):
        with pytest.raises(ReplicationError) as error:
            server.promote()
        assert str(error.value).splitlines() == [
            f"{server.name} cannot be promoted: it is not a replica, and takes writes already",
            f"  where: {server._spec._where}",
            "  do: promote what factories.replica made: replica.promote()",
        ]


def test_an_applier_that_has_stopped(source: MySQLServer, replica: Replica) -> None:
    replica.execute("SET GLOBAL super_read_only = OFF")
    replica.execute("CREATE SCHEMA in_the_way")
    source.execute("CREATE SCHEMA in_the_way")
    wait_until(
        lambda: replica.status["Replica_SQL_Running"] != "Yes", timeout=60, error=lambda: NetnsError("it runs on")
    )
    source.kill()
    with pytest.raises(ReplicationError) as error:
        replica.promote()
    text = str(error.value)
    assert text.startswith(
        "replica cannot be promoted: it has not applied all that it received from source: its applier has stopped\n"
    )
    assert "Can't create database 'in_the_way'; database exists" in text
    assert "do: fix what Last_SQL_Error above names" in text
    assert not replica.is_promoted

    with pytest.raises(mysql.connector.Error, match="database exists"):
        replica.execute("CREATE SCHEMA in_the_way")
    by_hand(replica)
    assert replica.is_promoted
