"""Explanations of limits of the machine: what comes from one, and what only looks like it."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from pytest_netns_mysql.report.explanations.machinelimits import machine_limit


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(BlockingIOError) as error:
        os.fork()
    found = machine_limit(error.value)
    assert found is not None
    assert found.what.startswith("this process could start no further process or thread: ulimit -u is ")


def test_a_socket_that_would_block_has_reached_no_limit() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with pytest.raises(BlockingIOError) as error:
            ours.recv(1)
    assert machine_limit(error.value) is None
