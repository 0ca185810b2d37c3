"""The board of a session: a small piece of shared memory in which a process shows what it is doing.

The memory is a file without a name, see memfd_create(2). It ends with the process, and other processes of the same user
read it by the descriptor in /proc. Writing to it takes about a microsecond, because it is mapped.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_netns_mysql import clock

NAME = "pytest-netns-mysql-session-1"
"""The name that the link to the memory has in /proc/PID/fd; the number is to be raised when the facts change."""

_TEST, _ACCOUNTS, _FACTS = 0, 4096, 16_384
"""Where the parts begin: the running test, its accounts, the facts about the session. Each part ends with a NUL."""

_SIZE = 262_144  # bytes; a page that nobody writes to takes no memory
_HIGH = 200
_EMPTY = b"\0"
_MOST_READ = 16 << 20  # bytes: what another process shows may be no board, and endless


class Board:
    """The memory in which this process shows what it is doing."""

    def __init__(self, *, survives_exec: bool = False) -> None:
        """Create the memory, empty.

        Args:
            survives_exec: Whether a program that this process becomes keeps the memory open.
        """
        self._survives_exec = survives_exec
        self._accounts: Sequence[object] = ()
        self._create(_SIZE)

    def _create(self, size: int) -> None:
        flags = 0 if self._survives_exec else os.MFD_CLOEXEC
        descriptor = os.memfd_create(NAME, flags)
        if self._survives_exec:
            # Not one of the low numbers, which scripts of a shell use.
            descriptor = _moved(descriptor)
        os.ftruncate(descriptor, size)
        self._size = size
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, size)
        self._identity = _identity(descriptor)

    def show(self, facts: Mapping[str, Any]) -> None:
        """Show facts about this session, in place of those before.

        Args:
            facts: What can be written as JSON.
        """
        # A path or an argument may have bytes that are not UTF-8.
        text = json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace") + _EMPTY
        if not self._is_open or len(text) > self._size - _FACTS:
            self._recreate(len(text))
        self._memory[_FACTS : _FACTS + len(text)] = text

    def start_test(self, test: str, namespace: str) -> None:
        """Show the test that runs from now on.

        Args:
            test: The test's id.
            namespace: The namespace that the test runs in; '' for the host's network.
        """
        text = f"{clock.now():.2f}\n{namespace}\n{test}".encode("utf-8", "replace")[: _ACCOUNTS - 1] + _EMPTY
        memory = self._memory
        memory[_ACCOUNTS] = 0
        memory[: len(text)] = text

    def end_test(self) -> None:
        """Show that no test is running."""
        self._memory[_TEST] = 0

    def show_accounts(self, accounts: Sequence[Mapping[str, Any]]) -> None:
        """Show the accounts of the running test, the one of its own namespace first."""
        if accounts == self._accounts and accounts:
            self._memory[_ACCOUNTS] = ord("[")  # the rest is still there
            return
        text = json.dumps(accounts).encode() + _EMPTY
        self._accounts = ()
        if len(text) <= _FACTS - _ACCOUNTS:
            self._memory[_ACCOUNTS : _ACCOUNTS + len(text)] = text
            self._accounts = accounts

    def close(self) -> None:
        """Close the memory, which ends unless a forked child has it open."""
        self._memory.close()
        if self._is_open:
            os.close(self._descriptor)

    @property
    def _is_open(self) -> bool:
        """False if a test has closed the descriptor; the number may be that of another file by now."""
        try:
            return _identity(self._descriptor) == self._identity
        except OSError:
            return False

    def _recreate(self, least: int) -> None:
        before = self._memory[:_FACTS]
        self.close()
        self._create(max(_SIZE, 2 * (least + _FACTS)))
        self._memory[:_FACTS] = before


def read(descriptor: int) -> dict[str, Any] | None:
    """Return what another process shows: its facts, with the keys ``test`` and ``accounts``; None for another file.

    Args:
        descriptor: The open memory.
    """
    memory = _read_twice(descriptor)
    facts = _decoded(_part(memory, _FACTS, len(memory)))
    if not isinstance(facts, dict):
        return None
    accounts = _decoded(_part(memory, _ACCOUNTS, _FACTS))
    return facts | {
        "accounts": accounts if accounts is not None else [],
        "test": _test(_part(memory, _TEST, _ACCOUNTS)),
    }


def _decoded(text: bytes) -> Any:
    """Return what a text in JSON stands for; None for a text that is not JSON, or is nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_twice(descriptor: int) -> bytes:
    """Return the memory as it was at one moment: read again until two reads are equal."""
    before = b""
    for _ in range(10):
        memory = os.pread(descriptor, min(os.fstat(descriptor).st_size, _MOST_READ), 0)
        if memory == before:
            break
        before = memory
    return before


def _part(memory: bytes, start: int, end: int) -> bytes:
    return memory[start:end].partition(_EMPTY)[0]


def _test(text: bytes) -> dict[str, Any] | None:
    since, _, rest = text.decode("utf-8", "replace").partition("\n")
    namespace, _, test = rest.partition("\n")
    try:
        return {"id": test, "namespace": namespace or None, "since": float(since)}
    except ValueError:
        return None


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _moved(descriptor: int) -> int:
    import fcntl

    try:
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, _HIGH)
    except OSError:  # above the limit of open files
        os.set_inheritable(descriptor, True)
        return descriptor
    os.close(descriptor)
    return moved
