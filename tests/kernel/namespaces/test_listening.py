"""Listening sockets that are handed to a program: where it looks for them, whatever their numbers were."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from pytest_netns_mysql.kernel.namespaces import launcher

SHOW = """
import json, os, socket
places = {}
for number in range(3, 20):
    try:
        sock = socket.socket(fileno=number)
        places[number] = [sock.getsockname()[1], sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)]
        sock.detach()
    except OSError:
        pass
print(json.dumps([places, os.environ["LISTEN_FDS"], int(os.environ["LISTEN_PID"]) == os.getpid()]))
"""


@pytest.mark.parametrize("between", [0, 2])
def test_they_begin_at_three(between: int) -> None:
    sockets, others = [], []
    for _ in range(3):
        sock = socket.create_server(("127.0.0.1", 0))
        sockets.append(sock)
        others += [os.open("/dev/null", os.O_RDONLY) for _ in range(between)]
    numbers = [sock.fileno() for sock in sockets]
    command = launcher.command([sys.executable, "-c", SHOW], listening=list(reversed(numbers)))
    env = {**os.environ, "LISTEN_FDNAMES": "of:another:service:s"}
    result = subprocess.run(command, pass_fds=numbers, capture_output=True, text=True, check=True, env=env)
    ports = {sock.getsockname()[1] for sock in sockets}
    places, count, is_for_it = json.loads(result.stdout)
    assert (sorted(places), count, is_for_it) == (["3", "4", "5"], "3", True)
    assert {port for port, _ in places.values()} == ports
    assert all(listens for _, listens in places.values())
    for sock in sockets:
        sock.close()
    for descriptor in others:
        os.close(descriptor)
