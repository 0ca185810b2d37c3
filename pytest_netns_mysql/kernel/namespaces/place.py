"""A place that a thread stands in while a ``with`` block of it is open."""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.errors import BlockError
from pytest_netns_mysql.kernel.namespaces.blocks import Block, Blocks, Fate, Where

Self = TypeVar("Self", bound="Place")


class _Ticket:
    """What one ``with`` statement has to leave: its own block, and no other of the same namespace.

    A signal handler may raise where ``__exit__`` begins, before any ``try`` of ours. So the function that the statement
    holds as its ``__exit__`` is watched: when it is gone and was not called to its end, the block is closed.
    """

    __slots__ = ("block", "blocks", "watch")

    def __init__(self) -> None:
        self.block: Block | None = None
        self.blocks: Blocks | None = None
        self.watch: tuple[weakref.ref[object], ...] = ()

    def lost(self, _watch: object) -> None:
        # Left as it is, so that the second watch does what another signal keeps the first one from.
        if self.block is not None and self.blocks is not None:
            self.blocks.drop(self.block)


class _Exit:
    """``__exit__`` as a descriptor: each ``with`` statement gets one of its own.

    A ``with`` statement looks ``__exit__`` up, then calls ``__enter__``, see "The with statement" in the Python
    language reference. So the two can be known to belong together, though ``netns["red"]`` is one object for all.
    """

    def __init__(self) -> None:
        self._expected = threading.local()

    def __get__(self, place: Place | None, kind: type[Place]) -> Callable[..., None]:
        ticket = _Ticket()
        leave = partial(_leave, ticket) if place is None else partial(_leave, ticket, place)
        ticket.watch = weakref.ref(leave, ticket.lost), weakref.ref(leave, ticket.lost)
        self._expected.ticket = ticket
        return leave

    def take(self) -> _Ticket | None:
        """Return the ticket of the ``with`` statement that calls ``__enter__`` now; None where it is called by hand."""
        ticket: _Ticket | None = self._expected.__dict__.pop("ticket", None)
        # One that is not watched any more was looked up for nothing, as hasattr() does.
        return ticket if ticket is not None and _is_held(ticket) else None


_EXIT = _Exit()


class Place:
    """Somewhere the calling thread stands while a ``with`` block of it is open; blocks nest."""

    def __init__(self, blocks: Blocks, where: Where, name: str) -> None:
        """Name a place; nobody is moved."""
        self._blocks = blocks
        self._where = where
        self.name = name

    def __enter__(self: Self) -> Self:
        ticket = _EXIT.take()
        block = Block(self.name, self._where, _line(sys._getframe(1)), by_hand=ticket is None)
        if ticket is not None:
            ticket.block, ticket.blocks = block, self._blocks
        self._blocks.enter(block)
        return self

    if TYPE_CHECKING:

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

    else:
        __exit__ = _EXIT

    @contextlib.contextmanager
    def hold(self, told: Callable[[Block], None]) -> Iterator[None]:
        """Have the calling thread stand here until the block ends, whatever blocks are still open in it then.

        Args:
            told: Called with each block inside that somebody opened and did not leave.
        """
        block = self.hold_until()
        try:
            yield
        finally:
            for inside in self.let_go(block):
                told(inside)

    def hold_until(self) -> Block:
        """Have the calling thread stand here until ``let_go`` of what is returned."""
        block = Block(self.name, self._where, ("", 0), by_hand=False)
        self._blocks.enter(block, is_plain=False)
        return block

    def let_go(self, block: Block) -> list[Block]:
        """Put the thread back; return the blocks inside that were still open, which have ended with it."""
        inside = self._blocks.end_inside(block)
        self._blocks.drop(block)
        return inside


def _is_held(ticket: _Ticket) -> bool:
    return bool(ticket.watch) and ticket.watch[0]() is not None


def _leave(ticket: _Ticket, place: Place, *_: object) -> None:
    if ticket.block is not None and ticket.blocks is not None:
        try:
            ticket.blocks.leave(ticket.block)
        finally:
            if ticket.block.fate is not Fate.OPEN:
                ticket.watch = ()
        return
    ticket.watch = ()
    block = place._blocks.innermost_by_hand(place.name)
    if block is None:
        raise BlockError(
            f"no block of {place.name} is open in this thread",
            remedies=["call __exit__ once for each __enter__, in the same thread", "or write it as `with netns[...]:`"],
        )
    place._blocks.leave(block)


def _line(frame: FrameType | None) -> tuple[str, int]:
    """Return the file and the line of a ``with`` statement, for messages: contextlib's frames tell nothing."""
    while frame is not None and frame.f_code.co_filename == contextlib.__file__ and frame.f_back is not None:
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
