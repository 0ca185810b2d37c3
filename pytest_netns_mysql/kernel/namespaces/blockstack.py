"""The stack of the open blocks of one thread."""

from __future__ import annotations

from pytest_netns_mysql.kernel.namespaces.block import Block, BlockState, Owner
from pytest_netns_mysql.kernel.namespaces.position import Links, Target
from pytest_netns_mysql.kernel.namespaces.savedtarget import OwnTarget


class BlockStack:
    """The open blocks of one thread, and what is known of where the thread stands.

    Attributes:
        owner: The thread.
        stack: The blocks, the innermost last. The first block holds the base of all of them.
        links: The links to the thread's namespaces.
        is_inside: Whether the thread is in the sandbox's mount namespace; None if the thread has to be looked at.
    """

    def __init__(self) -> None:
        """Start without a block, for the calling thread."""
        self.owner: Owner = Owner()
        self.stack: list[Block] = []
        self.links: Links = Links()
        self.is_inside: bool | None = None

    def __del__(self) -> None:
        # The thread has ended: without this, a block that it left open would keep its descriptors for ever.
        for block in self.stack:
            block.state = BlockState.ENDED
            block.base = None

    def innermost(self) -> Block | None:
        """Return the innermost block that is not being left."""
        for block in reversed(self.stack):
            if block.state is BlockState.OPEN:
                return block
        return None

    def target_of(self, innermost: Block | None) -> Target:
        """Return where the thread belongs with an innermost block, or with None of them."""
        if innermost is not None:
            return innermost.target
        base = self.stack[0].base
        if base is None:
            raise RuntimeError("the first block of a thread holds the base")
        return base.target if isinstance(base, OwnTarget) else base

    def discard(self, block: Block) -> None:
        """Take a block out."""
        if block is self.stack[0] and len(self.stack) > 1:
            self.stack[1].base = block.base
        self.stack.remove(block)
