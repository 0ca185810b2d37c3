import os
import socket

import pytest


def place(*_):
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()


@pytest.fixture(scope="session")
def where(netns, netns_mysqld):
    with netns["global"]:
        inside = place()
    return netns.here, place() == inside


@pytest.fixture(scope="module")
def connected(netns_mysqld):
    with socket.socket() as sock:
        sock.settimeout(1)
        sock.connect(("192.0.2.2", 3306))


@pytest.mark.netns("red")
def test_where(where):
    assert where == (None, False)


@pytest.mark.netns("red")
def test_connected(connected):
    pass
