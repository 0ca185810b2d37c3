"""Threads that a test started in a namespace and left running: their connections in a later test are refused."""

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
        test: The id of the test at whose end the thread was found.
    """

    name: str
    test: str


class StrayThreads:
    """The threads that outlive their test inside of the sandbox.

    A thread cannot be moved by another thread. So a stray thread gets an error when it connects from its old namespace
    during a test in another namespace, see "socket.connect" in Python's table of audit events.
    """

    def __init__(self, sandbox: Callable[[], Sandbox | None]) -> None:
        """Start without a stray thread.

        Args:
            sandbox: Returns the sandbox, or None as long as there is none.
        """
        self._sandbox = sandbox
        self._found: dict[int, _Stray] = {}
        self._test: str | None = None
        self._network_id: Callable[[], tuple[int, int] | None] = lambda: None
        self._is_watching = False

    def start_test(self, test: str, network_id: Callable[[], tuple[int, int] | None]) -> None:
        """Set the running test.

        Args:
            test: The test's id.
            network_id: Returns device and inode of the test's network namespace, or None for the host's.
        """
        self._test, self._network_id = test, network_id

    def end_test(self) -> None:
        """Look for threads that outlive the test."""
        test, self._test = self._test, None
        sandbox = self._sandbox()
        if test is None or sandbox is None or threading.active_count() == 1:
            self._found.clear()
            return
        usual = sandbox.resting_position.network_id, sandbox.home.network_id
        running = {}
        for thread in threading.enumerate():
            number = thread.native_id
            if thread is threading.main_thread() or number is None:
                continue
            try:
                network_id = identity(f"/proc/self/task/{number}/ns/net")
            except OSError:
                continue  # the thread has ended
            if network_id not in usual:
                running[number] = self._found.get(number) or _Stray(thread.name, test)
        self._found = running
        if running and not self._is_watching:
            self._is_watching = True
            sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self._found:
            return
        stray = self._found.get(threading.get_native_id())
        if stray is None or self._test is None or stray.test == self._test or arguments[0].family not in _INTERNET:
            return
        sandbox = self._sandbox()
        current = network_identity()
        if sandbox is None or sandbox.blocks.is_placed or current in (sandbox.home.network_id, self._network_id()):
            return
        raise OriginError(
            f"the thread {stray.name} was left running by an earlier test, and connects from the network namespace of "
            "that test during a test in another namespace",
            where=self._test,
            tried=[f"the thread was started in {stray.test}"],
            remedies=["end the thread in the test that starts it", "or have it connect inside of `with netns[...]:`"],
        )
