import os
import queue
import socket
import threading
from typing import Any

import pytest


def place(*_):
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()

JOBS: queue.Queue[Any] = queue.Queue()
ANSWERS: queue.Queue[Any] = queue.Queue()


def work():
    for job in iter(JOBS.get, None):
        try:
            ANSWERS.put(job())
        except Exception as error:  # noqa: BLE001
            ANSWERS.put(error)


THREAD = threading.Thread(target=work, name="worker", daemon=True)


def connect():
    with socket.socket() as sock:
        sock.settimeout(5)
        sock.connect(("127.0.0.1", 9))


def ask(job):
    JOBS.put(job)
    return ANSWERS.get(timeout=10)


@pytest.mark.netns("red")
def test_starts_it(netns):
    THREAD.start()
    assert isinstance(ask(connect), ConnectionRefusedError)


@pytest.mark.netns("red")
def test_in_the_same_namespace(netns):
    assert isinstance(ask(connect), ConnectionRefusedError)


@pytest.mark.netns("blue")
def test_elsewhere(netns):
    def inside():
        with netns["blue"]:
            connect()

    assert isinstance(ask(inside), ConnectionRefusedError)
    raise ask(connect)
