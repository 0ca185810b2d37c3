"""A standing server of another version of this package, whose messages may have other fields."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql.commands import standingservers
from pytest_netns_mysql.reuse import messages, offerfiles, offers, protocol
from tests.support.processes import wait_for

ADDRESS = "0123456789abcdef"
REASON = "it was started by another version of pytest-netns-mysql"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    descriptor = offers.open_folder(make=True)
    assert descriptor is not None
    yield descriptor
    os.close(descriptor)


def offer(folder: int, greeting: dict[str, str]) -> int:
    """Start a process that listens as a supervisor does, and answers in another way; return its pid."""
    with socket.socket(socket.AF_UNIX) as listener:
        lock = offerfiles.lock(folder, ADDRESS)
        assert lock is not None
        listener.bind(offerfiles.path_of(folder, ADDRESS))
        child = os.fork()
        if child:
            os.close(lock)  # the child has it
            return child
        listener.listen()  # in the child: clients learn the pid of the process that called listen
        while True:
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                messages.answer(connection, greeting)
                messages.answer(connection, {"number": 7})
                connection.recv(16)


@pytest.mark.parametrize("greeting", [{"state": "ready"}, {"condition": "fine"}], ids=["status", "greeting"])
def test_a_server_of_another_version_is_listed_and_can_be_ended(folder: int, greeting: dict[str, str]) -> None:
    child = offer(folder, greeting)
    ending = threading.Thread(target=os.waitpid, args=(child, 0))
    try:
        wait_for(lambda: protocol.ask(ADDRESS, "status") == messages.Silent(child, REASON), "the child's answer")
        assert [row["state"] for row in standingservers.ls()] == [f"does not answer ({REASON})"]
        assert protocol.take(ADDRESS) is None
        ending.start()
        assert standingservers.down() == f"ended: pid {child}: does not answer ({REASON})"
        assert offers.addresses() == []
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
