import ctypes
import os
import threading

import pytest

libc = ctypes.CDLL(None, use_errno=True)
NEWNET, NEWNS = 0x40000000, 0x20000


def place():
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()


def join():
    descriptor = os.open("/run/netns/blue", os.O_RDONLY)
    assert libc.setns(descriptor, NEWNET) == 0
    os.close(descriptor)


def in_thread():
    thread = threading.Thread(target=join)
    thread.start()
    thread.join()


MOVES = {
    "network": lambda: libc.unshare(NEWNET),
    "mount": lambda: libc.unshare(NEWNS),
    "both": lambda: libc.unshare(NEWNET | NEWNS),
    "joined": join,
    "thread": in_thread,
}


@pytest.fixture
def around():
    yield
    assert place() == os.stat("/run/netns/red").st_ino


def test_plain_before():
    assert place() == HOST


@pytest.mark.netns("red")
def test_that_moves(around):
    assert MOVES[os.environ["MOVE"]]() in (None, 0)


@pytest.mark.netns("red")
def test_red():
    assert place() == os.stat("/run/netns/red").st_ino


@pytest.mark.netns("blue")
def test_blue(netns):
    assert place() == os.stat("/run/netns/blue").st_ino
    assert netns.here.name == "blue"


def test_plain_after():
    assert place() == HOST
