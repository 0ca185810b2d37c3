"""Namespaces as asynchronous context managers."""

from __future__ import annotations

import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_netns_mysql.errors import BlockError, NetnsWarning
from pytest_netns_mysql.kernel.namespaces.asyncblock import CURRENT, AsyncBlock, OwnedByTest, current_async_block
from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
from pytest_netns_mysql.kernel.namespaces.position import Target
from pytest_netns_mysql.kernel.namespaces.withblocks import OpenBlocks

Self = TypeVar("Self", bound="AsyncEnterable")


class _Statement:
    """One ``async with`` statement, and the block that it has to leave."""

    __slots__ = ("block",)

    def __init__(self) -> None:
        self.block: AsyncBlock | None = None


class _AsyncExit:
    """``__aexit__`` as a descriptor, which returns another function to each ``async with`` statement.

    A statement looks ``__aexit__`` up, then calls ``__aenter__``, see "The async with statement" in the Python language
    reference. So the two calls of a statement can be matched, although all statements use the same object, and although
    a generator may be closed in another task than the one that started it.
    """

    def __init__(self) -> None:
        self._expected = threading.local()

    def __get__(
        self, instance: AsyncEnterable | None, kind: type[AsyncEnterable]
    ) -> Callable[..., Coroutine[Any, Any, None]]:
        statement = _Statement()
        leave = partial(_leave, statement) if instance is None else partial(_leave, statement, instance)
        self._expected.statement = weakref.ref(leave), statement
        return leave

    def expected_statement(self) -> _Statement | None:
        """Return the ``async with`` statement that calls ``__aenter__`` now, or None if somebody calls it by hand."""
        leave, statement = self._expected.__dict__.pop("statement", (lambda: None, None))
        return statement if leave() is not None else None


_EXIT = _AsyncExit()


class AsyncEnterable(Enterable):
    """A namespace that a thread enters by ``with``, and a task by ``async with``."""

    def __init__(self, blocks: OpenBlocks, target: Target, name: str, owned_by_test: OwnedByTest) -> None:
        """Describe where to go.

        Args:
            blocks: The open ``with`` blocks of the sandbox.
            target: Where the thread is moved.
            name: The namespace's name.
            owned_by_test: What ends with the running test.
        """
        super().__init__(blocks, target, name)
        self._owned_by_test = owned_by_test

    def __aenter__(self: Self) -> Coroutine[Any, Any, Self]:
        """Put the running task into the namespace; no thread moves.

        Sockets and processes that the task creates are created in the namespace. So are those of tasks, threads and
        jobs of pools that the task makes in the block. A ``with`` block inside goes before.
        """
        statement = _EXIT.expected_statement() or _Statement()
        return self._enter(statement)

    if TYPE_CHECKING:

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

    else:
        __aexit__ = _EXIT

    async def _enter(self: Self, statement: _Statement) -> Self:
        statement.block = self._enter_task(_calling_line())
        return self

    def _enter_task(self, code: tuple[str, int]) -> AsyncBlock:
        """Put the running task, or the calling thread outside of an event loop, into the namespace.

        Args:
            code: The file and the line to name in messages.

        Returns:
            The block, for ``leave_task``.

        Raises:
            BlockError: The network of the namespace was closed.
        """
        from pytest_netns_mysql.kernel.namespaces.asyncpatches import install

        self._place.raise_if_closed()
        install(self._owned_by_test)
        block = AsyncBlock(self._place, code)
        self._owned_by_test.add(block)
        CURRENT.set(block)
        return block


def leave_task(block: AsyncBlock, *, is_closed_early: bool = False) -> None:
    """Put the running task back to where it was before the block.

    Args:
        block: The block.
        is_closed_early: Whether a generator is closed that has not come to its end, which may happen in any task.

    Raises:
        BlockError: A block inside of this one is still open in the task.
    """
    if block.is_left:
        return
    current = current_async_block()
    block.is_left = True
    if current is block:
        CURRENT.set(block.outer)
        return
    inner = current
    while inner is not None and inner.outer is not block:
        inner = inner.outer
    if inner is not None:
        raise BlockError(
            f"{block} was left before {current}, which is inside of it",
            remedies=["leave blocks in the reverse of the order in which they were entered"],
        )
    if not is_closed_early:
        warnings.warn_explicit(
            f"{block} was entered in another context than it was left in, and the code that came last ran outside of "
            "it: pytest-asyncio before 0.25, or before 1.1 on Python 3.10, tears async fixtures down in this way",
            NetnsWarning,
            *block.code,
        )


async def _leave(
    statement: _Statement, instance: AsyncEnterable, kind: type[BaseException] | None = None, *_: object
) -> None:
    block = statement.block
    if block is None:
        block = current_async_block()
        while block is not None and block.place is not instance._place:
            block = block.outer
    if block is None:
        raise BlockError(
            f"no async block of {instance.name} is open in this task",
            remedies=["write it as `async with netns[...]:`"],
        )
    leave_task(block, is_closed_early=kind is GeneratorExit)


def _calling_line() -> tuple[str, int]:
    """Return the file and the line of an ``async with`` statement, for messages."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (
        frame.f_code.co_filename == __file__ or frame.f_globals.get("__name__") == "contextlib"
    ):
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
