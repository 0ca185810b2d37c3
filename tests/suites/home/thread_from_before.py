import os
import queue
import socket
import threading
from typing import Any

from pytest_netns_mysql import OneWayError

TASKS: queue.Queue[Any] = queue.Queue()
ANSWERS: queue.Queue[Any] = queue.Queue()


def work():
    for task in iter(TASKS.get, None):
        try:
            ANSWERS.put(task())
        except Exception as error:  # noqa: BLE001
            ANSWERS.put(error)


THREAD = threading.Thread(target=work, daemon=True)
THREAD.start()


def test_it(netns):
    def task():
        with netns["red"]:
            return {name for _, name in socket.if_nameindex()}

    TASKS.put(task)
    answer = ANSWERS.get(timeout=5)
    if os.environ["RETURNS"] == "yes":
        assert answer == {"lo", "vpeer-red"}
    else:
        assert isinstance(answer, OneWayError)
        assert "started before the sandbox and is outside" in str(answer)
        assert "do: start the thread (or its executor) inside the test that uses it" in str(answer)
    TASKS.put(None)
    THREAD.join()
