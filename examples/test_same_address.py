"""One address in two namespaces: two endpoints of one mysqld, each reached from its own side."""

from __future__ import annotations

import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer

pytestmark = pytest.mark.netns(topology="same-address.toml")


@pytest.mark.parametrize(("client", "side"), [("global", "red"), ("office", "blue"), ("red", "red"), ("blue", "blue")])
def test_each_side_reaches_its_own(
    netns_mysqld: MySQLServer, netns_connect: ConnectFactory, client: str, side: str
) -> None:
    """The address is the same, and so is the server; the socket that answers is another."""
    endpoint = netns_mysqld.endpoint(side)
    assert (endpoint.address, endpoint.port) == ("192.0.2.2", 3306)
    with netns_connect(client, endpoint=side).cursor() as cursor:
        cursor.execute("SELECT USER()")
        (user,) = cursor.fetchone()
    print(f"{client} -> {endpoint}: {user}")
    assert user == f"{client}_user@{'192.0.2.2' if client == side else '192.0.2.1'}"
