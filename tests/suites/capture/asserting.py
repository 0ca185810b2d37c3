import socket

import pytest


def connect(address):
    for _ in range(20):
        with socket.socket() as sock:
            sock.connect_ex((address, 3399))


@pytest.mark.netns("red")
def test_before(netns):
    with netns.capture("red") as packets:
        connect("192.0.2.2")
    netns.kept = packets
    assert packets


@pytest.mark.netns("red")
def test_it(netns):
    with netns.capture("red") as packets:
        connect("192.0.2.2")
    assert not packets.matching(rst=True)
