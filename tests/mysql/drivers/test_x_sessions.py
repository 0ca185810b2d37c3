"""X DevAPI sessions whose server is gone: their sockets are closed all the same, so that no ResourceWarning follows."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import mysqlx
import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer
from pytest_netns_mysql.protocols import StartFactory

pytestmark = pytest.mark.live

PORT, PORT_X = 3341, 33341


@pytest.fixture
def server(netns_start_mysqld: StartFactory) -> MySQLServer:
    return netns_start_mysqld(
        bind_address="192.0.2.2/red",
        mysqlx_bind_address="192.0.2.2/red",
        options={"port": PORT, "mysqlx_port": PORT_X},
    )


def socket_of(session: mysqlx.Session) -> socket.socket:
    sock: Any = session.get_connection().stream._socket
    assert sock.fileno() >= 0
    return sock  # type: ignore[no-any-return]


def test_closing_a_session_closes_its_socket_after_the_server_was_killed(
    netns_connect: ConnectFactory, server: MySQLServer
) -> None:
    session = netns_connect("red", server=server, driver="mysqlx")
    sock = socket_of(session)
    server.kill()
    with contextlib.suppress(RuntimeError, OSError):
        session.close()
    assert sock.fileno() == -1


def test_closing_a_client_closes_the_sockets_of_its_pool_after_the_server_was_killed(
    netns_connect: ConnectFactory, server: MySQLServer
) -> None:
    client = netns_connect("red", server=server, driver="mysqlx", pooling={"max_size": 2})
    sockets = [socket_of(client.get_session()) for _ in range(2)]
    server.kill()
    with contextlib.suppress(RuntimeError, OSError):
        client.close()
    assert [sock.fileno() for sock in sockets] == [-1, -1]
