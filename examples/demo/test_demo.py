"""Five short scenes: how MySQL treats clients of different origins."""

from __future__ import annotations

import mysql.connector
import pytest
from conftest import Scene

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Replica, factories

replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")


def test_a_surprise(scene: Scene, netns_connect: ConnectFactory) -> None:
    """1. Who am I? Not always who you think."""
    scene.say("""mysqld listens on 192.0.2.2 in the namespace red. A client outside of red connects to this address.
        Which host will MySQL see: 127.0.0.1, since both run on this machine? 192.0.2.2, which it connected to?""")
    connection = netns_connect("global", endpoint="red")
    assert scene.query("global", connection, "SELECT USER()") == [("global_user@192.0.2.1",)]
    scene.say("Neither. MySQL sees the address of the interface that leads to red, and matches grants by this address.")


def test_red_and_blue(scene: Scene, netns_connect: ConnectFactory) -> None:
    """2. The same statement from two namespaces."""
    for name, address in (("red", "192.0.2.2"), ("blue", "198.51.100.2")):
        assert scene.query(name, netns_connect(name), "SELECT USER()") == [(f"{name}_user@{address}",)]
    scene.say('In a test that is one marker: @pytest.mark.netns("red", "blue")')


def test_a_grant(scene: Scene, netns_account: AccountFactory, netns_connect: ConnectFactory) -> None:
    """3. A grant that holds for one origin."""
    netns_account("app", host="192.0.2.%", schema="shop")
    visitor = netns_account("app", host="%", grants=["SELECT ON shop.*"])
    scene.say("'app'@'192.0.2.%' may do anything to the schema shop, 'app'@'%' may only read.")
    scene.query("red", netns_connect("red", user="app"), "CREATE TABLE shop.orders (id INT)")
    with pytest.raises(mysql.connector.Error, match="DROP command denied to user 'app'@'198"):
        scene.query("blue", netns_connect("blue", account=visitor), "DROP TABLE shop.orders")


def test_a_refused_login(
    scene: Scene, netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    """4. A refused login, explained."""
    netns_account("app", host="192.0.2.%", password="secret")
    with pytest.raises(mysql.connector.Error) as refused:
        netns_connect("blue", user="app", password="secret")
    scene.say("'app'@'192.0.2.%' has the right password, and logs in from blue:")
    scene.show(refused.value)
    scene.say("A test that fails like this prints the reason:")
    explanation = netns_mysqld.explain_login("app", namespace="blue")
    assert not explanation.allowed
    scene.show(explanation)


@pytest.mark.netns(topology="replication")
def test_replication(scene: Scene, netns_mysqld: MySQLServer, replica: Replica) -> None:
    """5. A replica, as its source sees it."""
    scene.say("A second mysqld replicates from the namespace replica. The account that it uses needs this host:")
    with netns_mysqld.connect() as administrator:
        statement = "SELECT user, host FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
        ((_, host),) = scene.query("source", administrator, statement)
        assert host.startswith("198.51.100.2:")
        scene.query("source", administrator, "CREATE SCHEMA written_on_the_source")
    replica.wait_until_caught_up()
    with replica.connect() as administrator:
        scene.query("replica", administrator, "SHOW SCHEMAS LIKE 'written%'")
