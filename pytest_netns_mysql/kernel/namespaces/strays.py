"""Threads that a test started in a namespace and left running: what they connect in a later test is refused."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import OriginError
from pytest_netns_mysql.kernel.namespaces.position import identity, network_identity

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox

_INTERNET = (socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True)
class _Stray:
    """A thread that outlived its test.

    Attributes:
        name: The thread's name.
        test: The id of the test at whose end it was found.
        network_id: The network namespace that it stood in then.
    """

    name: str
    test: str
    network_id: tuple[int, int]


class Strays:
    """Watches the threads that outlive their test inside of the sandbox.

    A thread cannot be moved by another one. So it is refused where it would connect from its old namespace on behalf of
    a test that stands elsewhere; see "socket.connect" in Python's table of audit events.
    """

    def __init__(self, sandbox: Callable[[], Sandbox | None]) -> None:
        """Keep what returns the sandbox, or None before it is made."""
        self._sandbox = sandbox
        self._found: dict[int, _Stray] = {}
        self._test: str | None = None
        self._place: Callable[[], tuple[int, int] | None] = lambda: None
        self._is_watching = False

    def begin(self, test: str, place: Callable[[], tuple[int, int] | None]) -> None:
        """Note which test runs, and what returns the identity of its network namespace, or None for the host's."""
        self._test, self._place = test, place

    def end(self) -> None:
        """Look for threads that outlive the test; nothing is paid for a process that has none."""
        test, self._test = self._test, None
        sandbox = self._sandbox()
        if test is None or sandbox is None or threading.active_count() == 1:
            self._found.clear()
            return
        rest = sandbox.resting_place.network_id
        running = {}
        for thread in threading.enumerate():
            number = thread.native_id
            if thread is threading.main_thread() or number is None:
                continue
            try:
                there = identity(f"/proc/self/task/{number}/ns/net")
            except OSError:
                continue  # it has ended
            if there not in (rest, sandbox.home.network_id):
                running[number] = self._found.get(number) or _Stray(thread.name, test, there)
        self._found = running
        if running and not self._is_watching:
            self._is_watching = True
            sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self._found:
            return
        stray = self._found.get(threading.get_native_id())
        if stray is None or self._test is None or stray.test == self._test or arguments[0].family not in _INTERNET:
            return
        sandbox = self._sandbox()
        here = network_identity()
        if sandbox is None or sandbox.blocks.is_placed or here in (sandbox.home.network_id, self._place()):
            return
        raise OriginError(
            f"the thread {stray.name} was left running in a network namespace by an earlier test, and connects from "
            "there during a test that stands elsewhere",
            where=self._test,
            tried=[f"it was started in {stray.test}"],
            remedies=["end the thread in the test that starts it", "or have it connect inside of `with netns[...]:`"],
        )
