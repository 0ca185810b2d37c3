"""A namespace as a place to which code, and not a ``with`` statement of a test, moves threads and sockets."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from pytest_netns_mysql.errors import BlockError, SandboxError
from pytest_netns_mysql.kernel.namespaces.asyncblock import AsyncBlock
from pytest_netns_mysql.kernel.namespaces.block import Block
from pytest_netns_mysql.kernel.namespaces.position import Position, Target, identity
from pytest_netns_mysql.kernel.namespaces.savedtarget import SavedTarget
from pytest_netns_mysql.kernel.namespaces.withblocks import OpenBlocks

_CLOSED = -1


class ThreadPlace:
    """A namespace of a sandbox.

    Attributes:
        target: Where threads are moved.
        name: The namespace's name, for messages.
    """

    def __init__(self, blocks: OpenBlocks, target: Target, name: str) -> None:
        """Describe the place; the arguments are those of ``Enterable``."""
        self._blocks = blocks
        self._link = target.network_link if isinstance(target, Position) else f"net:[{identity(target)[1]}]"
        self.target = target
        self.name = name

    def close(self) -> None:
        """Note that the descriptor of the namespace is closed, and may become that of another file."""
        self.target = _CLOSED

    def raise_if_closed(self) -> None:
        """Raise BlockError if the network of the namespace was closed."""
        if self.target == _CLOSED:
            raise BlockError(
                f"the network of {self.name} was closed: nothing can enter the namespace any more",
                remedies=["take the namespace of the test's own fixture `netns`, not one that an earlier test kept"],
            )

    def require(self) -> None:
        """Raise SandboxError if the calling thread, which has entered the namespace, stands in another one.

        A test may have closed the descriptor, and opened another namespace by its number.
        """
        if self._blocks.network_link() != self._link:
            raise SandboxError(
                f"the thread was moved to {self.name}, and stands in another network namespace",
                remedies=["find what in an earlier test closes or replaces descriptors that it has not opened"],
            )

    def is_left_by_thread(self, block: AsyncBlock) -> bool:
        """Return True if the calling thread has entered a namespace inside of an ``async with`` block."""
        return self._blocks.is_inside(block)

    def saved(self) -> SavedTarget:
        """Return what moves any thread here."""
        return self._blocks.saved(self.target)

    def call_in_network(self, action: Callable[[], object]) -> None:
        """Call ``action``, which creates a socket, while the calling thread is in the network namespace."""
        self.raise_if_closed()
        self._blocks.call_in_network(self.target, action)

    @contextlib.contextmanager
    def visited(self, async_block: AsyncBlock | None) -> Iterator[None]:
        """Return a context manager that moves the calling thread here.

        Args:
            async_block: The block that the code inside is in, whose namespace counts for nothing there.
        """
        self.raise_if_closed()
        block = Block(self.name, self.target, ("", 0), by_hand=False)
        block.async_block = async_block
        self._blocks.enter(block, is_plain=False)
        try:
            yield
        finally:
            self._blocks.end_inside(block)
            self._blocks.drop(block)

    def stay(self) -> None:
        """Move the calling thread here for good."""
        self._blocks.settle()
        self._blocks.enter(Block(self.name, self.target, ("", 0), by_hand=False), is_plain=False)
