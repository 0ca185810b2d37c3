"""Which tests may use sockets where pytest-socket disables them."""

import socket

import pytest
import pytest_socket


def test_plain():
    with pytest.warns(UserWarning, match="socket"), pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()


@pytest.mark.netns("red")
def test_netns(netns_mysqld):
    red = netns_mysqld.endpoint("red")
    socket.create_connection((red.address, red.port)).close()


@pytest.mark.disable_socket
@pytest.mark.netns("red")
def test_marked():
    with pytest.warns(UserWarning, match="socket"), pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()
