"""Packets: what a client sends, where it goes, and what nobody can read on the way."""

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Network

pytestmark = pytest.mark.netns_mysqld(local=True)


@pytest.mark.netns("red", "blue")
def test_a_client_talks_to_the_nearest_endpoint_only(
    netns: Network, netns_connect: ConnectFactory, request: pytest.FixtureRequest
) -> None:
    with netns.capture() as packets:
        netns_connect()
    opening = packets.matching(protocol="tcp", syn=True, ack=False)
    assert [packet.interface for packet in opening] == ["lo"]
    assert opening[0].source == opening[0].destination
    assert opening[0].namespace in request.node.name


@pytest.mark.netns_mysqld(flavor="mysql", local=True)  # MariaDB has no certificate by itself, and so no TLS
def test_no_statement_leaves_red_unencrypted(
    netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    app = netns_account("app", host="192.0.2.2", password="a secret")
    with netns.capture("red") as packets:
        connection = netns_connect("red", account=app, endpoint=netns_mysqld.endpoint("blue"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'nobody reads this'")
            cursor.fetchall()
    sent = packets.matching(is_outgoing=True, destination=netns["blue"].address)
    assert sent.matching(destination_port=3306)
    assert b"nobody reads this" not in sent.payload
    assert b"a secret" not in sent.payload


def test_a_host_that_no_account_allows_gets_no_greeting(netns: Network, netns_mysqld: MySQLServer) -> None:
    with netns.capture("blue") as packets, pytest.raises(mysql.connector.Error, match="is not allowed to connect"):
        netns_mysqld.connect("blue", user="nobody", ssl_disabled=True)
    assert b"Host '198.51.100.2' is not allowed" in packets.matching(source_port=3306).payload
    assert packets.matching(destination_port=3306).payload == b"", "the client has not said who it is"
