"""One entry of a thread into a namespace."""

from __future__ import annotations

import enum
import os
import threading
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.namespaces.asyncblock import current_async_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_netns_mysql.kernel.namespaces.asyncblock import AsyncBlock
    from pytest_netns_mysql.kernel.namespaces.position import Target
    from pytest_netns_mysql.kernel.namespaces.savedtarget import OwnTarget


class BlockState(enum.Enum):
    """The state of a block."""

    OPEN = enum.auto()
    LEAVING = enum.auto()  # the thread is being moved back
    LEFT = enum.auto()
    ENDED = enum.auto()  # with the test, fixture or thread around the block, while its own code was suspended
    AWAITED = enum.auto()


class Block:
    """One entry of a thread into a namespace.

    Attributes:
        name: The namespace's name, for messages.
        target: Where the thread is moved.
        code: The file and the line of the ``with`` statement.
        by_hand: Whether ``__enter__`` was called without a ``with`` statement.
        state: What has happened to the block.
        owner: The thread that entered the block, or None before.
        base: Where the thread stood before, for the outermost block of a thread; otherwise None.
        task: The asyncio or trio task that entered the block, or None.
        cancel_check: Cancels the check for an ``await`` in the block, or None.
        async_block: The ``async with`` block of the code that entered the block, or None. Of the two this one is the
            inner.
    """

    __slots__ = ("async_block", "base", "by_hand", "cancel_check", "code", "name", "owner", "state", "target", "task")

    def __init__(self, name: str, target: Target, code: tuple[str, int], *, by_hand: bool) -> None:
        """Describe an entry that ``OpenBlocks.enter`` makes."""
        self.name: str = name
        self.target: Target = target
        self.code: tuple[str, int] = code
        self.by_hand: bool = by_hand
        self.state: BlockState = BlockState.OPEN
        self.owner: Owner | None = None
        self.base: OwnTarget | Target | None = None
        self.task: object = None
        self.cancel_check: Callable[[], None] | None = None
        self.async_block: AsyncBlock | None = current_async_block()

    @property
    def is_open(self) -> bool:
        """True until the thread is back, or the block has ended otherwise."""
        return self.state is BlockState.OPEN or self.state is BlockState.LEAVING

    def __str__(self) -> str:
        file, line = self.code
        return f"the block of {self.name} at {os.path.relpath(file)}:{line}"


class Owner:
    """The thread that entered a block. The kernel reuses the numbers of threads, so an object identifies a thread."""

    def __init__(self) -> None:
        """Describe the calling thread."""
        self.name: str = threading.current_thread().name
