"""What a connection tells the server of its client: the same as the driver does, without a program that asks for it."""

from __future__ import annotations

import platform
from typing import Any

import pytest
from mysql.connector.connection import MySQLConnection
from mysql.connector.utils import get_platform

from pytest_netns_mysql import ConnectFactory, MySQLServer

pytestmark = pytest.mark.live


def attributes_of(connection: Any, server: MySQLServer) -> dict[str, str]:
    query = "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = %s"
    return dict(server.execute(query, connection.connection_id))


@pytest.mark.netns("red")
@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_connection_describes_its_client_as_the_driver_does(
    netns_mysqld: MySQLServer, netns_connect: ConnectFactory
) -> None:
    asked = get_platform.cache_info()
    own = attributes_of(netns_connect(), netns_mysqld)
    assert get_platform.cache_info() == asked, "the driver has run lsb_release"
    about = platform.freedesktop_os_release()
    assert own.pop("_os") == f"{about['NAME']}-{about['VERSION_ID']}"
    drivers = attributes_of(netns_connect(driver=MySQLConnection), netns_mysqld)
    del drivers["_os"]
    assert own == drivers
