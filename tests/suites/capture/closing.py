import contextlib
import os
import socket
from pathlib import Path

import pytest


def is_ours(descriptor):
    """Whether a capture has opened the descriptor."""
    with contextlib.suppress(OSError):
        if "netns-key-log" in os.readlink(f"/proc/self/fd/{descriptor}"):
            return True
        with socket.socket(fileno=os.dup(descriptor)) as sock:
            return sock.family == socket.AF_PACKET
    return False


FILE = Path("of-the-test")
NUMBERS = []


@pytest.mark.netns("red")
def test_1_closes_descriptors_and_opens_a_file(netns_mysql):
    FILE.write_text("precious")
    stream = os.open(FILE, os.O_RDWR | os.O_APPEND)
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if is_ours(descriptor):
            os.dup2(stream, descriptor)
            NUMBERS.append(descriptor)
    assert len(NUMBERS) == 4  # three namespaces, and the secrets


@pytest.mark.netns("red")
def test_2_fails(netns_account, netns_connect):
    account = netns_account("app", password="secret", grants=["SELECT ON *.*"])
    netns_connect("red", account=account)
    assert FILE.read_text() == "precious"
    raise ValueError


@pytest.mark.netns("red")
def test_3_has_its_file_still_open():
    for number in NUMBERS:
        assert os.path.samestat(os.fstat(number), FILE.stat())
    assert FILE.read_text() == "precious"


@pytest.mark.netns("red")
def test_4_closes_sockets_and_fails(netns):
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if is_ours(descriptor):
            os.close(descriptor)
    raise ValueError
