"""A compose file as the topology: its services are the namespaces, its MySQL service is the server."""

from __future__ import annotations

from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import ConnectFactory
from pytest_netns_mysql.endpoint import Endpoint

pytestmark = pytest.mark.netns(topology="compose/compose.yaml")
LOGIN: dict[str, Any] = {"user": "shop", "password": "secret", "database": "shop"}


@pytest.mark.netns("shop")
def test_the_shop_connects_as_its_file_says(netns_connect: ConnectFactory) -> None:
    """The name, the account and the schema are those of the file, and the init folder has been loaded."""
    with netns_connect(host="db", **LOGIN).cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER(), total FROM orders")
        row = cursor.fetchone()
    print("from shop:", row)
    assert [str(value) for value in row] == ["shop@10.5.0.2", "shop@%", "30.50"]


def test_the_host_comes_by_the_published_port(netns_connect: ConnectFactory) -> None:
    """The server sees the gateway of its network, as behind Docker."""
    with netns_connect(endpoint=Endpoint("127.0.0.1", port=3307), **LOGIN).cursor() as cursor:
        cursor.execute("SELECT USER()")
        row = cursor.fetchone()
    print("from the host:", row)
    assert row == ("shop@10.5.0.1",)


@pytest.mark.netns("report")
def test_a_service_of_another_network_cannot_connect(netns_connect: ConnectFactory) -> None:
    with pytest.raises(mysql.connector.Error, match=r"2003|2013"):
        netns_connect(host="10.5.0.3", connection_timeout=1, **LOGIN)
