"""The open ``with`` blocks of each thread: where a block moved its thread, and which block may move the thread back."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import Context

from pytest_netns_mysql.errors import BlockError, OneWayError
from pytest_netns_mysql.kernel.namespaces import suspension, syscalls
from pytest_netns_mysql.kernel.namespaces.asyncblock import CURRENT, AsyncBlock, deciding_block
from pytest_netns_mysql.kernel.namespaces.block import Block, BlockState
from pytest_netns_mysql.kernel.namespaces.blockstack import BlockStack
from pytest_netns_mysql.kernel.namespaces.newthread import run_in_new_thread
from pytest_netns_mysql.kernel.namespaces.position import (
    Position,
    Target,
    identity,
    mount_identity,
    network_identity,
    open_network,
)
from pytest_netns_mysql.kernel.namespaces.savedtarget import OwnTarget, SavedTarget, SavedTargets


class OpenBlocks(threading.local):
    """The open blocks of the calling thread; each thread sees its own.

    Leaving a block moves the thread only if the block is the innermost one. No thread moves for a generator that the
    garbage collector closes, for a block that another thread leaves, or for a block whose test is over.

    A signal handler or a finalizer may enter and leave blocks between any two steps of these methods. So each step
    leaves the stack such that the thread stands right once the handler has left its own blocks, and nothing that was
    found before a move is relied on after it.

    Attributes:
        jobs: How many jobs of a pool the calling thread is running.
    """

    def __init__(
        self, home: Position, inner: Position, outside: Position | None, saved: SavedTargets, *, can_return: bool
    ) -> None:
        """Start without an open block.

        Args:
            home: Where the process came from.
            inner: The sandbox's own network.
            outside: What takes the place of home if no thread can return.
            saved: The saved targets of all threads.
            can_return: Whether the kernel lets a thread go home again.
        """
        self._home = home
        self._inner = inner
        self._saved = saved
        self._home_links = home.network_link, home.mount_link
        self._known = {place.network_link: place.network for place in (inner, outside) if place is not None}
        self._can_return = can_return
        self._thread = BlockStack()
        self.jobs = 0

    @property
    def is_placed(self) -> bool:
        """True if a block or a job of a pool says where the sockets of the calling thread belong."""
        return bool(self._thread.stack) or self.jobs > 0 or CURRENT.get() is not None

    def is_inside(self, block: AsyncBlock) -> bool:
        """Return True if the thread's innermost block was entered inside of an ``async with`` block, and no other."""
        innermost = self._thread.innermost()
        return innermost is not None and innermost.async_block is block

    def call_in_network(self, target: Target, action: Callable[[], object]) -> None:
        """Call ``action``, which creates a socket, while the calling thread is in the network namespace of a target.

        A thread that could not come back has another thread call ``action``.

        Raises:
            OSError: The kernel refuses, see setns(2).
        """
        if not self._can_return and not self._inner.is_current_mount():
            network = target.network if isinstance(target, Position) else target

            def create() -> None:
                syscalls.setns(network, syscalls.CLONE_NEWNET)
                action()

            # In a context of its own: a thread that is started in the block would be started in the namespace.
            Context().run(run_in_new_thread, create)
            return
        # A block: a signal handler that enters blocks before the socket is created comes back to it.
        block = Block("a socket", target, (os.devnull, 0), by_hand=False)
        self.enter(block, is_plain=False)
        try:
            action()
        finally:
            self.drop(block)

    def enter(self, block: Block, *, is_plain: bool = True, is_from_home: bool = False) -> None:
        """Move the calling thread to the target of a block.

        Args:
            block: The new innermost block.
            is_plain: Whether a ``with`` statement opens the block, which must not be held across an ``await``.
            is_from_home: Whether an outermost block is to end at home, wherever the thread stands now.

        Raises:
            OneWayError: The thread is outside of the sandbox and could not come back. The thread does not move.
            OSError: The kernel refuses, see setns(2). The thread does not move.
        """
        thread = self._thread
        stack = thread.stack
        if stack:
            innermost = stack[-1]
            if innermost.task is not None and innermost.task is not suspension.current_task():
                self._end_awaited(innermost)
        if not stack:
            if is_from_home and self._can_return:
                block.base, thread.is_inside = self._home, False
            else:
                block.base = self._find_base(thread)
        block.owner = thread.owner
        stack.append(block)
        try:
            self._move(thread, block.target)
            if is_plain:
                block.task = suspension.current_task()
                if block.task is not None:
                    block.cancel_check = suspension.on_suspension(lambda: self._end_awaited(block))
        except BaseException:
            self.drop(block)
            raise

    def leave(self, block: Block) -> None:
        """Move the calling thread back to the target of the block around this one.

        Raises:
            BlockError: The block is not the innermost one, or was entered by another thread, or was held across an
                ``await``. No thread moves.
        """
        if block.state is BlockState.AWAITED:
            raise suspension.held_across_await(str(block), block.name)
        if not block.is_open:
            return
        if block.owner is not self._thread.owner:
            block.state = BlockState.LEFT
            entered = "no thread" if block.owner is None else f"the thread {block.owner.name}"
            raise BlockError(
                f"{block} was entered by {entered} and is left by the thread {threading.current_thread().name}: "
                "no thread was moved",
                remedies=["enter and leave in one thread: close a generator where it was started"],
            )
        innermost = self._thread.innermost()
        self._remove(block)
        if innermost is not block and innermost is not None:
            raise BlockError(
                f"{block} was left before {innermost}, which is inside of it: the thread was not moved",
                remedies=["leave blocks in the reverse of the order in which they were entered"],
            )

    def drop(self, block: Block) -> None:
        """Close a block that no code will leave any more, because its ``with`` statement was interrupted or is gone."""
        if block.is_open and block.owner is self._thread.owner:
            try:
                self._remove(block)
            except BaseException:  # a signal handler may raise here as well
                self._remove(block)
                raise

    def stands_at(self, position: Position) -> bool:
        """Return True if the calling thread is in both namespaces of a position. It is asked between all tests."""
        links = self._thread.links
        links.keep()
        network, mount = links.read()
        return network == position.network_link and mount == position.mount_link

    def network_link(self) -> str:
        """Return where the link to the network namespace of the calling thread leads, see ``Links``."""
        links = self._thread.links
        links.keep()
        return links.read()[0]

    def look_again(self) -> None:
        """Note that code of a test may have moved the calling thread by itself."""
        self._thread.is_inside = None

    def save_target(self) -> SavedTarget:
        """Return where the sockets of the running code are created: in its ``async with`` block, or in this thread."""
        block = deciding_block()
        if block is not None and not block.ended_with:
            return block.place.saved()
        network_id, mount_id = network_identity(), mount_identity()
        for known in (self._inner, self._home):
            if (known.network_id, known.mount_id) == (network_id, mount_id):
                return self._saved.get(network_id, mount_id, known)
        innermost = self._thread.innermost()
        target = None if innermost is None else innermost.target
        if target is not None and not self._leads_to(target, network_id, mount_id):
            target = None  # the code has moved the thread by itself, or runs while a block is being left
        return self._saved.get(network_id, mount_id, target)

    def _leads_to(self, target: Target, network_id: tuple[int, int], mount_id: tuple[int, int]) -> bool:
        """Return True if a target is in the two namespaces."""
        if isinstance(target, Position):
            return (target.network_id, target.mount_id) == (network_id, mount_id)
        try:
            return mount_id == self._inner.mount_id and identity(target) == network_id
        except OSError:  # the network was closed
            return False

    def saved(self, target: Target) -> SavedTarget:
        """Return a target of this sandbox with what identifies its namespaces."""
        if isinstance(target, Position):
            return self._saved.get(target.network_id, target.mount_id, target)
        return self._saved.get(identity(target), self._inner.mount_id, target)

    def settle(self) -> None:
        """Move a thread that could not come back into the sandbox for good, unless it is there already."""
        if not self._can_return and not self._thread.stack and not self._inner.is_current_mount():
            self._inner.enter()

    def innermost_by_hand(self, name: str) -> Block | None:
        """Return the innermost block of a namespace that was entered without a ``with`` statement."""
        return next((block for block in reversed(self._thread.stack) if block.by_hand and block.name == name), None)

    def end_inside(self, outer: Block | None = None) -> list[Block]:
        """End the thread's blocks inside of ``outer``, or all of them, and return them.

        Their own code is over or suspended, and can no longer leave them.
        """
        stack = self._thread.stack
        if not stack or stack[-1] is outer:
            return []
        inside = stack[stack.index(outer) + 1 :] if outer in stack else stack[:] if outer is None else []
        for block in reversed(inside):
            self._remove(block)
            block.state = BlockState.ENDED
        return inside

    def _remove(self, block: Block) -> None:
        """Remove a block, and move the thread if the block was the innermost one; repeating this is harmless."""
        thread = self._thread
        stack = thread.stack
        for other in [each for each in stack if not each.is_open]:  # another thread has left it
            thread.discard(other)
        if block in stack and (block.state is BlockState.LEAVING or self._thread.innermost() is block):
            block.state = BlockState.LEAVING
            outer = self._thread.innermost()
            self._move(thread, self._thread.target_of(outer))
            while (now := self._thread.innermost()) is not outer:  # a finalizer has left that one meanwhile
                self._move(thread, self._thread.target_of(now))
                outer = now
        if block in stack:
            thread.discard(block)
        block.state = BlockState.LEFT
        block.base = None
        if block.cancel_check is not None:
            block.cancel_check()
            block.cancel_check = None

    def _end_awaited(self, block: Block) -> None:
        if block.is_open and block.owner is self._thread.owner:
            self._remove(block)
            block.state = BlockState.AWAITED

    def _move(self, thread: BlockStack, target: Target) -> None:
        is_inside = thread.is_inside
        if isinstance(target, Position):
            thread.is_inside = None
            target.enter(is_mount_another=is_inside is True and target.mount_id != self._inner.mount_id)
            return
        if not is_inside:
            if is_inside is False or not self._inner.is_current_mount():
                self._inner.enter_mount()
            thread.is_inside = True
        syscalls.setns(target, syscalls.CLONE_NEWNET)

    def _find_base(self, thread: BlockStack) -> OwnTarget | Target:
        """Return where the thread stands, by descriptors that are open already if possible."""
        links = network, mount = thread.links.read()
        is_inside = thread.is_inside = mount == self._inner.mount_link
        if is_inside:
            known = self._known.get(network)
            return OwnTarget(open_network()) if known is None else known
        if not self._can_return:
            raise OneWayError(
                "this thread was started before the sandbox and is outside of it: "
                "without root it could enter but never come back",
                remedies=["start the thread (or its executor) inside the test that uses it", "run as root"],
            )
        return self._home if links == self._home_links else OwnTarget(Position.current())
