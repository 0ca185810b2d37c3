"""The ``async with netns[...]`` block of the running task: it moves no thread, but says where sockets are created."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol
from weakref import WeakSet

from pytest_netns_mysql.kernel.namespaces import suspension
from pytest_netns_mysql.kernel.namespaces.savedtarget import SavedTarget


class Place(Protocol):
    """Where a block puts the sockets of its tasks.

    Attributes:
        name: The namespace's name, for messages.
    """

    name: str

    def is_left_by_thread(self, block: AsyncBlock) -> bool:
        """Return True if the calling thread has entered a namespace inside of the block."""

    def saved(self) -> SavedTarget:
        """Return what moves any thread here."""

    def call_in_network(self, action: Callable[[], object]) -> None:
        """Call ``action``, which creates a socket, in the network namespace."""

    def visited(self, async_block: AsyncBlock | None) -> AbstractContextManager[Any]:
        """Return a context manager that moves the calling thread here; the code inside is in the block."""


class AsyncBlock:
    """One entry of a task into a namespace. Tasks that are made in the block are in the block, too, until they end.

    Attributes:
        place: The namespace.
        code: The file and the line of the ``async with`` statement.
        outer: The block around this one, or None.
        is_wider: Whether a fixture of a wider scope runs in the block, or a task of such a fixture.
        task: The task that entered the block, or None outside of an event loop.
        is_left: Whether that task has left the block.
        ended_with: The id of the test that has ended and ended the block with it; "" before.
    """

    __slots__ = ("__weakref__", "code", "ended_with", "is_left", "is_wider", "outer", "place", "task")

    def __init__(self, place: Place, code: tuple[str, int], *, is_wider: bool = False) -> None:
        """Describe an entry of the running task; ``CURRENT`` has to be set to the block."""
        self.place: Place = place
        self.code: tuple[str, int] = code
        self.outer: AsyncBlock | None = current_async_block()
        self.is_wider: bool = is_wider or (self.outer is not None and self.outer.is_wider)
        self.task: object = suspension.current_task()
        self.is_left: bool = False
        self.ended_with: str = ""

    def end(self, test: str) -> None:
        """Note that the test has ended in which the block was entered."""
        self.ended_with = test

    def __str__(self) -> str:
        file, line = self.code
        return f"the block of {self.place.name} at {os.path.relpath(file)}:{line}"


CURRENT: ContextVar[AsyncBlock | None] = ContextVar("pytest_netns_mysql_block", default=None)
"""The innermost block of the running task or thread."""


def current_async_block() -> AsyncBlock | None:
    """Return the innermost block that the running code is in, or None."""
    block = CURRENT.get()
    while block is not None and block.is_left and block.task is suspension.current_task():
        block = block.outer  # it was left where the variable could not be set back, as by a generator that ended late
    return block


def deciding_block() -> AsyncBlock | None:
    """Return the block that says where sockets are created; None if that is where the calling thread stands."""
    block = current_async_block()
    return None if block is None or block.place.is_left_by_thread(block) else block


class Owned(Protocol):
    """Something that ends with the test that made it."""

    def end(self, test: str) -> None:
        """End, with the test of this id."""


class OwnedByTest:
    """What the running test has made in namespaces, and what ends with the test."""

    def __init__(self) -> None:
        """Start without anything."""
        self._is_wider = False
        self._owned: WeakSet[Owned] = WeakSet()

    def add(self, owned: Owned) -> None:
        """Have something end with the running test, unless a fixture of a wider scope makes it, or a task of one."""
        block = current_async_block()
        if not self._is_wider and (block is None or not block.is_wider):
            self._owned.add(owned)

    @contextmanager
    def made_by_wider_fixture(self) -> Iterator[None]:
        """Return a context manager for the setup of a fixture of a wider scope; what the fixture makes lives on."""
        outer, self._is_wider = self._is_wider, True
        try:
            yield
        finally:
            self._is_wider = outer

    def end(self, test: str) -> None:
        """End what the test of this id has made."""
        for owned in list(self._owned):
            owned.end(test)
        self._owned.clear()
