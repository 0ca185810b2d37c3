"""Copy this file: it needs no conftest, no configuration and no server of your own.

$ pip install pytest-netns-mysql
$ pytest test_origin.py
"""

from __future__ import annotations

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, NamespaceConnection, Network

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses


@pytest.mark.netns("red")
def test_the_server_sees_where_we_come_from(netns_mysql: NamespaceConnection) -> None:
    """An open connection from red, as a fresh account that owns a fresh schema."""
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER(), DATABASE()")
        row = cursor.fetchone()
    print("from red:", row)
    assert row == ("red_user@192.0.2.2", "red_schema")


@pytest.mark.netns("red", "blue")
def test_once_in_each(netns_mysql: NamespaceConnection, netns: Network) -> None:
    """Several names run the test once in each: [red] and [blue]."""
    assert netns.here is not None
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        row = cursor.fetchone()
    print(f"from {netns.here.name}:", row)
    assert row == (f"{netns.here.name}_user@{netns.here.address}",)


def test_a_grant_holds_for_one_origin_only(netns_account: AccountFactory, netns_connect: ConnectFactory) -> None:
    """The account of an application in red is no account in blue."""
    app = netns_account("app", host="192.0.2.%", password="secret")
    with netns_connect("red", account=app).cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        row = cursor.fetchone()
    print("in red the account is", row)
    assert row == ("app@192.0.2.%",)

    with pytest.raises(mysql.connector.Error) as refused:
        netns_connect("blue", account=app)
    print("in blue the server says", refused.value)
    assert refused.value.errno == 1130  # ER_HOST_NOT_PRIVILEGED


def test_two_sides(netns: Network, netns_connect: ConnectFactory) -> None:
    """Without a marker a test stands in global, the sandbox's own namespace, and reaches into both."""
    red, blue = netns_connect("red"), netns_connect("blue")
    for connection, origin in ((red, "red_user@192.0.2.2"), (blue, "blue_user@198.51.100.2")):
        connection.reconnect()  # from its own namespace again
        with connection.cursor() as cursor:
            cursor.execute("SELECT USER()")
            assert cursor.fetchone() == (origin,)

    with netns["red"]:  # this thread is in red until the block ends
        assert netns.here is netns["red"]
    route = netns["blue"].run(["ip", "route"], capture_output=True, text=True, check=True)
    print(route.stdout)
    assert route.stdout.startswith("default via 198.51.100.1 dev vpeer-blue")
