"""A failover: the source dies, a replica is promoted, the other one follows it, and clients write again."""

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Replica, ServerGoneError, factories

pytestmark = [pytest.mark.netns(topology="cluster"), pytest.mark.slow, pytest.mark.netns_mysqld(flavor="mysql")]

PORT = 3320  # of all three; other files of this folder have servers on 3306 at the same addresses

source = factories.source(bind_address="192.0.2.2/red", options={"port": PORT}, scope="module")
first = factories.replica(
    source, bind_address="198.51.100.2/blue", options={"port": PORT, "read_only": True}, scope="module"
)
second = factories.replica(
    source, bind_address="203.0.113.2/green", options={"port": PORT, "super_read_only": True}, scope="module"
)


def write(connection: mysql.connector.MySQLConnection, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop.orders (name) VALUES (%s)", (name,))
    connection.commit()


@pytest.fixture
def orders(source: MySQLServer, first: Replica, second: Replica) -> None:
    source.execute("CREATE SCHEMA shop")
    source.execute("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))")
    source.execute("INSERT INTO shop.orders (name) VALUES ('before')")
    first.wait_until_caught_up()
    second.wait_until_caught_up()


@pytest.mark.usefixtures("orders")
def test_a_failover(
    source: MySQLServer, first: Replica, second: Replica, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    source.kill()
    with pytest.raises(ServerGoneError, match=r"is a replica of source.*, which is not running"):
        netns_connect("router", server=first)

    first.promote()
    second.switch_source(first)

    app = netns_account("app", host="198.51.100.1", grants="ALL ON shop.*", server=first)  # made on the new source
    write(netns_connect("router", server=first, account=app), "after")
    second.wait_until_caught_up()
    assert second.execute("SELECT name FROM shop.orders ORDER BY id") == [("before",), ("after",)]
    assert second.channel.origin == "203.0.113.2"
    assert second.writable is first


def test_the_next_test_finds_source_and_replicas_as_before(
    source: MySQLServer, first: Replica, second: Replica
) -> None:
    """What was promoted, killed or switched is replaced by fresh servers."""
    assert source.execute("SHOW SCHEMAS LIKE 'shop'") == []
    assert (first.source, second.source) == (source, source)
    assert (first.writable, second.writable) == (source, source)
    assert first.execute("SELECT @@read_only, @@super_read_only") == [(1, 0)]
    assert second.execute("SELECT @@read_only, @@super_read_only") == [(1, 1)]
