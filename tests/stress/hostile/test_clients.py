"""Clients of a standing server that send nonsense, or nothing: others are answered all the same."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pytest_netns_mysql.commands import standingservers
from pytest_netns_mysql.reuse import messages, offerfiles, offers, protocol
from pytest_netns_mysql.settings import resolve
from tests.support.processes import PATIENCE
from tests.support.stress import check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The socket of a standing server."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    standingservers.up(resolve(), progress=lambda _: None)
    (address,) = offers.addresses()
    descriptor = offers.open_folder()
    assert descriptor is not None
    yield offerfiles.path_of(descriptor, address)
    os.close(descriptor)
    standingservers.down()


def test_clients_that_send_nonsense_or_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If one client waited for another, the silent ones would take a second each."""
    monkeypatch.setattr(protocol, "_ANSWER_TIMEOUT", 10.0)  # for a machine that does much else
    monkeypatch.setattr(protocol, "_BUSY_TIMEOUT", PATIENCE)  # clients that take the server, and leave at once
    dice, faults, silent = random.Random(20), list[str](), list[socket.socket]()
    requests = [b"", b"\0", b"status" * 1000, b"take", b"take me\n", b"\xff\xfe", b"en", b"TAKE\n", b"end of it\n"]
    count = scaled(40, 2000)
    for number in range(count):
        request = dice.choice(requests) if number % 3 else b""
        if request == b"take":
            _take_and_end(path)
            continue
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(messages.REQUEST_TIMEOUT * 10)
        client.connect(path)
        with suppress(OSError):  # the server may have closed it, as the oldest of too many
            client.sendall(request)
        if number % 3 == 0:
            silent.append(client)
        else:
            client.close()
        if number % 10 == 9 and [row["state"] for row in standingservers.ls()] != ["free"]:
            faults.append(f"after client {number}: {standingservers.ls()}")
    for client in silent:
        client.close()
    check(
        "Hostile input", "clients of a standing server that send nonsense or nothing keep nobody waiting", count, faults
    )


def _take_and_end(path: str) -> None:
    """Take the server in another process, which ends at once: the server waits for the end of what took it."""
    child = os.fork()
    if child == 0:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(b"take")
        os._exit(0)
    os.waitpid(child, 0)
