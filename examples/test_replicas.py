"""More replication: another namespace to connect from, a chain, and one replica of two sources."""

import pytest

from pytest_netns_mysql import MySQLServer, Network, Replica, factories

pytestmark = [pytest.mark.netns(topology="cluster"), pytest.mark.slow, pytest.mark.netns_mysqld(flavor="mysql")]

first = factories.source(bind_address="192.0.2.2/red")
second = factories.source(bind_address="198.51.100.2/blue")
of_the_first = factories.replica(first, bind_address="203.0.113.2/green")
from_the_router = factories.replica(
    first, bind_address="203.0.113.2/green", network_namespace="router", options={"port": 3307}
)
without_a_namespace = factories.replica(
    first, bind_address="203.0.113.2/green", network_namespace="", options={"port": 3308}
)
end_of_the_chain = factories.replica(of_the_first, bind_address="203.0.113.2/green", options={"port": 3309})


@pytest.fixture
def of_both(second: MySQLServer, two_channels: Replica) -> Replica:
    two_channels.replicate(second, channel="second", network_namespace="router")
    return two_channels


two_channels = factories.replica(
    first, bind_address="203.0.113.2/green", channel="first", options={"port": 3310}, scope="function"
)


def test_network_namespace_says_where_the_replica_connects_from(
    of_the_first: Replica, from_the_router: Replica, without_a_namespace: Replica
) -> None:
    """Three replicas listen in green; the source sees each come from where its socket was made."""
    assert of_the_first.channel.origin == "203.0.113.2"
    assert from_the_router.channel.origin == "192.0.2.1"  # the router's address on the way to red
    assert without_a_namespace.channel.origin == "10.0.0.1"  # global's: mysqld itself stands there
    shown = [one.status["Network_Namespace"] for one in (of_the_first, from_the_router, without_a_namespace)]
    assert shown == ["green", "router", without_a_namespace.default_network_namespace]  # only in a container not empty


def test_a_chain(first: MySQLServer, of_the_first: Replica, end_of_the_chain: Replica) -> None:
    first.execute("CREATE SCHEMA handed_on")
    of_the_first.wait_until_caught_up()
    end_of_the_chain.wait_until_caught_up()
    assert end_of_the_chain.execute("SHOW SCHEMAS LIKE 'handed_on'") == [("handed_on",)]
    assert end_of_the_chain.source is of_the_first
    assert end_of_the_chain.writable is first


def test_two_channels_from_two_namespaces(
    netns: Network, first: MySQLServer, second: MySQLServer, of_both: Replica
) -> None:
    """One replica of two sources: it meets the first from green, the second from the router."""
    origins = {name: channel.origin for name, channel in of_both.channels.items()}
    assert origins == {"first": "203.0.113.2", "second": "198.51.100.1"}
    first.execute("CREATE SCHEMA of_the_first")
    second.execute("CREATE SCHEMA of_the_second")
    of_both.wait_until_caught_up()
    assert of_both.execute("SHOW SCHEMAS LIKE 'of_the_%'") == [("of_the_first",), ("of_the_second",)]

    netns.link("red").down()  # the first's
    try:
        of_both.channels["first"].wait_until_disconnected()
        assert of_both.channels["second"].status.is_connected
    finally:
        netns.link("red").up()
    of_both.wait_until_caught_up()
