"""Context managers that move the calling thread into a namespace while their ``with`` block is open."""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable
from functools import partial
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.errors import BlockError
from pytest_netns_mysql.kernel.namespaces.block import Block
from pytest_netns_mysql.kernel.namespaces.position import Target
from pytest_netns_mysql.kernel.namespaces.threadplace import ThreadPlace
from pytest_netns_mysql.kernel.namespaces.withblocks import OpenBlocks

Self = TypeVar("Self", bound="Enterable")


class _Statement:
    """One ``with`` statement and the block that it has to leave, of possibly several of the same namespace.

    A signal handler may raise where ``__exit__`` begins, before any ``try`` of this package. So the function that the
    statement keeps as its ``__exit__`` is watched. If that function is gone and was not called to its end, the block is
    closed.
    """

    __slots__ = ("block", "blocks", "instance", "watches")

    def __init__(self, instance: Enterable | None) -> None:
        self.instance = instance  # None if the statement, as ExitStack, looked ``__exit__`` up in the class
        self.block: Block | None = None
        self.blocks: OpenBlocks | None = None
        self.watches: tuple[weakref.ref[object], ...] = ()

    @property
    def is_running(self) -> bool:
        return bool(self.watches) and self.watches[0]() is not None

    def close_block(self, _watch: object) -> None:
        # Nothing is reset here: the second watch repeats what a signal may have interrupted in the first one.
        if self.block is not None and self.blocks is not None:
            self.blocks.drop(self.block)


class _Exit:
    """``__exit__`` as a descriptor, which returns another function to each ``with`` statement.

    A ``with`` statement looks ``__exit__`` up, then calls ``__enter__``, see "The with statement" in the Python
    language reference. So the two calls of a statement can be matched, although all statements use the same object.
    """

    def __init__(self) -> None:
        self._expected = threading.local()

    def __get__(self, instance: Enterable | None, kind: type[Enterable]) -> Callable[..., None]:
        statement = _Statement(instance)
        leave = partial(_leave, statement) if instance is None else partial(_leave, statement, instance)
        statement.watches = weakref.ref(leave, statement.close_block), weakref.ref(leave, statement.close_block)
        expected = self._expected.__dict__.setdefault("statements", [])
        if expected:  # hasattr() looks ``__exit__`` up as well, and does not keep what it gets
            expected[:] = [each for each in expected if each.is_running]
        expected.append(statement)
        return leave

    def expected_statement(self, instance: Enterable) -> _Statement | None:
        """Return the ``with`` statement that calls ``__enter__`` now, or None if somebody calls it by hand.

        A signal handler with ``with`` statements of its own may run between the two calls of a statement.
        """
        expected: list[_Statement] = self._expected.__dict__.get("statements", [])
        for statement in reversed(expected):
            if statement.is_running and statement.instance in (None, instance):
                expected.remove(statement)
                return statement
        return None


_EXIT = _Exit()


class Enterable:
    """A context manager that moves the calling thread into a namespace; blocks nest.

    Attributes:
        name: The namespace's name, for messages.
    """

    def __init__(self, blocks: OpenBlocks, target: Target, name: str) -> None:
        """Describe where to go.

        Args:
            blocks: The open blocks of the sandbox.
            target: Where the thread is moved.
            name: The namespace's name.
        """
        self._blocks = blocks
        self.name = name
        # The same place, for code that is no ``with`` statement of a test.
        self._place: ThreadPlace = ThreadPlace(blocks, target, name)

    def __enter__(self: Self) -> Self:
        self._place.raise_if_closed()
        statement = _EXIT.expected_statement(self)
        block = Block(self.name, self._place.target, _calling_line(), by_hand=statement is None)
        if statement is not None:
            statement.block, statement.blocks = block, self._blocks
        self._blocks.enter(block)
        return self

    if TYPE_CHECKING:

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

    else:
        __exit__ = _EXIT

    def _start_hold(self) -> Block:
        """Move the calling thread here until ``_end_hold`` is called with the returned block.

        If no block is open yet, the thread is at rest between two holds: as root at home, where it ends up then.

        Raises:
            SandboxError: The thread stands in another namespace than this one.
        """
        block = Block(self.name, self._place.target, ("", 0), by_hand=False)
        self._blocks.enter(block, is_plain=False, is_from_home=True)
        try:
            self._place.require()
        except BaseException:
            self._blocks.drop(block)
            raise
        return block

    def _end_hold(self, block: Block) -> list[Block]:
        """Move the thread back, and return the blocks inside that were still open and have ended now."""
        self._blocks.look_again()
        inside = self._blocks.end_inside(block)
        self._blocks.drop(block)
        return inside


def _leave(statement: _Statement, instance: Enterable, *_: object) -> None:
    if statement.block is not None and statement.blocks is not None:
        try:
            statement.blocks.leave(statement.block)
        finally:
            if not statement.block.is_open:
                statement.watches = ()
        return
    statement.watches = ()
    block = instance._blocks.innermost_by_hand(instance.name)
    if block is None:
        raise BlockError(
            f"no block of {instance.name} is open in this thread",
            remedies=["call __exit__ once for each __enter__, in the same thread", "or write it as `with netns[...]:`"],
        )
    instance._blocks.leave(block)


def _calling_line() -> tuple[str, int]:
    """Return the file and the line of a ``with`` statement, for messages: the first outside of here and contextlib."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename in (__file__, contextlib.__file__):
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
