"""A network that fails, on purpose: what clients, accounts and replicas make of it. Each fault ends with its block."""

from __future__ import annotations

import time

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Network, Replica, factories


def test_no_route_to_the_server(netns: Network, netns_connect: ConnectFactory) -> None:
    """A partition that rejects is noticed at once."""
    with netns.partition("blue"), pytest.raises(mysql.connector.Error, match="No route to host"):
        netns_connect("red", endpoint="blue")
    netns_connect("red", endpoint="blue")


def test_a_server_that_does_not_answer(netns: Network, netns_connect: ConnectFactory) -> None:
    """A partition that drops packets is noticed when the client's patience is over."""
    with netns.partition("blue", action="drop"), pytest.raises(mysql.connector.Error, match="timed out"):
        netns_connect("red", endpoint="blue", connection_timeout=1)


def test_a_firewall_in_front_of_one_port(netns: Network, netns_connect: ConnectFactory) -> None:
    """Only red is kept out, and a connection that is open already breaks with its next statement."""
    red, global_ = netns_connect("red", endpoint="blue"), netns_connect("global", endpoint="blue")
    with netns.partition("blue", others=["red"], port=3306, direction="in"):
        with pytest.raises(mysql.connector.Error, match=r"Lost connection|Connection reset"):
            red.cmd_query("SELECT 1")
        with pytest.raises(mysql.connector.Error, match="Connection refused"):
            netns_connect("red", endpoint="blue")
        global_.cmd_query("SELECT 1")
        global_.get_rows()


def test_a_server_without_its_address(netns: Network, netns_connect: ConnectFactory) -> None:
    """The server still listens, and is in reach again as soon as the address is back."""
    with netns.link("blue").without_address(), pytest.raises(mysql.connector.Error, match=r"timed out|No route"):
        netns_connect("red", endpoint="blue", connection_timeout=1)
    netns_connect("red", endpoint="blue")


def test_a_slow_link(netns: Network, netns_connect: ConnectFactory) -> None:
    """100 kB take about a second at 800 kbit/s."""
    connection = netns_connect("red", endpoint="blue")
    with netns.link("blue").shape(rate="800kbit"), connection.cursor() as cursor:
        begin = time.monotonic()
        cursor.execute("SELECT REPEAT('x', 100000)")
        cursor.fetchall()
        assert time.monotonic() - begin > 0.5


def test_a_lossy_link(netns: Network, netns_connect: ConnectFactory) -> None:
    """TCP sends lost packets again: statements take longer, and succeed."""
    connection = netns_connect("red", endpoint="blue")
    with netns.link("blue").shape(loss="5%"), connection.cursor() as cursor:
        cursor.execute("SELECT REPEAT('x', 100000)")
        assert len(cursor.fetchone()[0]) == 100_000


@pytest.mark.netns(topology="names.toml")
@pytest.mark.netns_mysqld(flavor="mysql", local=True)  # one in a container keeps the names that it began with
def test_an_account_of_a_name_that_does_not_resolve(
    netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    """The server remembers names, so it has to be told to look again."""
    app = netns_account("app", host="red.db.test")
    netns_connect("red", account=app, endpoint="blue")
    with netns.without_names("red.db.test"):
        netns_connect("red", account=app, endpoint="blue")
        netns_mysqld.execute("TRUNCATE TABLE performance_schema.host_cache")
        with pytest.raises(mysql.connector.Error, match=r"Access denied|is not allowed"):
            netns_connect("red", account=app, endpoint="blue")
    netns_mysqld.execute("TRUNCATE TABLE performance_schema.host_cache")
    netns_connect("red", account=app, endpoint="blue")


replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")


@pytest.mark.slow
@pytest.mark.netns(topology="replication")
@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_replica_that_hears_nothing(netns: Network, netns_mysqld: MySQLServer, replica: Replica) -> None:
    """What the replica sends arrives, what the source sends does not: its heartbeats are missed."""
    with netns.partition("replica", direction="in", action="drop"):
        replica.wait_until_disconnected()
        netns_mysqld.execute("CREATE SCHEMA written_meanwhile")
    replica.wait_until_connected()
    replica.wait_until_caught_up()
    assert replica.execute("SHOW SCHEMAS LIKE 'written_meanwhile'") == [("written_meanwhile",)]
