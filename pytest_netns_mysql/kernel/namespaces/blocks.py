"""The open ``with`` blocks of each thread: where they put it, and which of them may move it back."""

from __future__ import annotations

import enum
import os
import threading
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import BlockError, OneWayError
from pytest_netns_mysql.kernel.namespaces import awaits, syscalls
from pytest_netns_mysql.kernel.namespaces.position import Position, mount_identity, network_identity, open_network

if TYPE_CHECKING:
    from collections.abc import Callable

Where = int | Position
"""A network namespace of the sandbox, by its descriptor, or a position that may lie outside of the sandbox."""


class Spot:
    """Where a thread stood at some moment; what it holds open lives as long as this object.

    Attributes:
        where: What puts another thread there.
        network_id, mount_id: The two namespaces, as ``position.identity`` returns them.
    """

    __slots__ = ("_is_owned", "mount_id", "network_id", "where")

    def __init__(
        self, where: Where, network_id: tuple[int, int], mount_id: tuple[int, int], *, is_owned: bool = False
    ) -> None:
        """Describe a place; one that ``is_owned`` is closed with this object."""
        self.where = where
        self.network_id = network_id
        self.mount_id = mount_id
        self._is_owned = is_owned

    def __del__(self) -> None:
        if self._is_owned:
            self.where.close() if isinstance(self.where, Position) else os.close(self.where)


class Fate(enum.Enum):
    """What became of a block."""

    OPEN = enum.auto()
    LEFT = enum.auto()
    ENDED = enum.auto()  # with the test, fixture or thread around it, while its own code was suspended
    AWAITED = enum.auto()


class Block:
    """One entry of a thread into a namespace.

    Attributes:
        name: The namespace, for messages.
        where: What the thread is put into.
        code: The file and the line of the ``with`` statement.
        by_hand: Whether ``__enter__`` was called without a ``with`` statement.
    """

    __slots__ = ("by_hand", "call_off", "code", "fate", "name", "owner", "task", "where")

    def __init__(self, name: str, where: Where, code: tuple[str, int], *, by_hand: bool) -> None:
        """Describe an entry that is still to be made."""
        self.name = name
        self.where = where
        self.code = code
        self.by_hand = by_hand
        self.fate = Fate.OPEN
        self.owner: _Owner | None = None
        self.task: object = None
        self.call_off: Callable[[], None] | None = None

    def __str__(self) -> str:
        file, line = self.code
        return f"the block of {self.name} at {os.path.relpath(file)}:{line}"


class _Owner:
    """The thread that entered a block: known by this object, since the kernel gives a thread's number to another."""

    def __init__(self) -> None:
        self.name = threading.current_thread().name


class _Thread:
    """The blocks of one thread, the innermost last, and where the thread stood before the first of them."""

    def __init__(self) -> None:
        self.owner = _Owner()
        self.stack: list[Block] = []
        self.base: Where = -1
        self.is_base_owned = False
        self.is_inside = False  # in the sandbox's mount namespace

    def release(self) -> None:
        """Close the descriptors of the base, where it has any of its own."""
        if self.is_base_owned:
            self.is_base_owned = False
            if isinstance(self.base, int):
                os.close(self.base)
            else:
                self.base.close()

    def __del__(self) -> None:
        # The thread has ended: what it left open would keep its descriptors for ever.
        for block in self.stack:
            block.fate = Fate.ENDED
        self.release()


class Blocks(threading.local):
    """The open blocks of the calling thread; each thread has its own.

    Only the innermost block of a thread moves the thread when it is left. A generator that the garbage collector ends,
    a block that another thread leaves, or one whose test is over moves nobody.
    """

    def __init__(self, home: Position, inner: Position, *, returns: bool) -> None:
        """Start without a block; ``home`` is where the process came from, ``inner`` the sandbox's own network."""
        self._home = home
        self._inner = inner
        self._returns = returns
        self._thread = _Thread()
        self.jobs = 0  # of pools, that this thread runs

    @property
    def is_placed(self) -> bool:
        """True if the calling thread stands where a block of its own, or the giver of its job, has put it."""
        return bool(self._thread.stack) or self.jobs > 0

    def enter(self, block: Block, *, is_plain: bool = True) -> None:
        """Put the calling thread where a block says.

        Args:
            block: The new innermost block.
            is_plain: Whether a ``with`` statement opens it, which must not be held across an ``await``.

        Raises:
            OneWayError: The thread stands outside of the sandbox and could not come back; it is not moved.
            OSError: The kernel refuses it, see setns(2); the thread stands where it stood.
        """
        thread = self._thread
        if thread.stack:
            innermost = thread.stack[-1]
            if innermost.task is not None and innermost.task is not awaits.current_task():
                self._end_awaited(innermost)
        if not thread.stack:
            self._find_base()
        block.owner = thread.owner
        thread.stack.append(block)
        try:
            self._put(block.where)
            if is_plain:
                block.task = awaits.current_task()
                if block.task is not None:
                    block.call_off = awaits.at_suspension(lambda: self._end_awaited(block))
        except BaseException:
            self.drop(block)
            raise

    def leave(self, block: Block) -> None:
        """Put the calling thread back to where the block around this one has it.

        Raises:
            BlockError: The block is not the innermost one, another thread entered it, or it was held across an
                ``await``; nobody is moved.
        """
        if block.fate is Fate.AWAITED:
            raise _held_across_await(block)
        if block.fate is not Fate.OPEN:
            return
        if block.owner is not self._thread.owner:
            block.fate = Fate.LEFT
            entered = "nobody" if block.owner is None else f"the thread {block.owner.name}"
            raise BlockError(
                f"{block} was entered by {entered} and is left by the thread {threading.current_thread().name}: "
                "no thread was moved",
                remedies=["enter and leave in one thread: close a generator where it was started"],
            )
        innermost = self._open()[-1]
        self._remove(block)
        if innermost is not block:
            raise BlockError(
                f"{block} was left before {innermost}, which is inside of it: the thread was not moved",
                remedies=["leave blocks in the reverse of the order in which they were entered"],
            )

    def drop(self, block: Block) -> None:
        """Close a block that nobody will leave any more: its ``with`` statement was interrupted or is gone."""
        if block.fate is Fate.OPEN and block.owner is self._thread.owner:
            try:
                self._remove(block)
            except BaseException:  # a signal handler may raise here, too
                self._remove(block)
                raise

    def spot(self) -> Spot:
        """Return where the calling thread stands."""
        network_id, mount_id = network_identity(), mount_identity()
        where = self._thread.stack[-1].where if self._thread.stack else None
        if where is not None:
            return Spot(where, network_id, mount_id)
        for known in (self._inner, self._home):
            if (known.network_id, known.mount_id) == (network_id, mount_id):
                return Spot(known, network_id, mount_id)
        return Spot(Position.current(), network_id, mount_id, is_owned=True)

    def is_at(self, spot: Spot) -> bool:
        """Return True if the calling thread stands there."""
        return network_identity() == spot.network_id and mount_identity() == spot.mount_id

    def settle(self) -> None:
        """Have a thread that stands outside of the sandbox live in it from now on: it can never come back."""
        if not self._returns and not self._thread.stack and not self._inner.has_this_mount():
            self._inner.take()

    def innermost_by_hand(self, name: str) -> Block | None:
        """Return the innermost block of a namespace that ``__enter__`` opened without a ``with`` statement."""
        return next((one for one in reversed(self._thread.stack) if one.by_hand and one.name == name), None)

    def end_inside(self, outer: Block | None = None) -> list[Block]:
        """End the thread's blocks inside of ``outer``, or all of them, and return them: code that is over cannot."""
        stack = self._thread.stack
        inside = stack[stack.index(outer) + 1 :] if outer in stack else stack[:] if outer is None else []
        for block in reversed(inside):
            self._remove(block)
            block.fate = Fate.ENDED
        return inside

    def _open(self) -> list[Block]:
        """Return the thread's blocks without those that another thread has left."""
        return [one for one in self._thread.stack if one.fate is Fate.OPEN]

    def _remove(self, block: Block) -> None:
        """Take a block away, and move the thread if the block was the innermost one; may be repeated."""
        thread = self._thread
        still_open = self._open()
        rest = [one for one in still_open if one is not block]
        if still_open and still_open[-1] is block:
            self._put(rest[-1].where if rest else thread.base)
        thread.stack[:] = rest
        block.fate = Fate.LEFT
        if block.call_off is not None:
            block.call_off()
            block.call_off = None
        if not rest:
            thread.release()

    def _end_awaited(self, block: Block) -> None:
        if block.fate is Fate.OPEN and block.owner is self._thread.owner:
            self._remove(block)
            block.fate = Fate.AWAITED

    def _put(self, where: Where) -> None:
        thread = self._thread
        if isinstance(where, Position):
            thread.is_inside = False
            where.take()
            return
        if not thread.is_inside:
            if not self._inner.has_this_mount():
                self._inner.take_mount()
            thread.is_inside = True
        syscalls.setns(where, syscalls.CLONE_NEWNET)

    def _find_base(self) -> None:
        """Note where the thread stands, by descriptors that are open already wherever these will do."""
        thread = self._thread
        thread.release()
        thread.is_inside = self._inner.has_this_mount()
        if thread.is_inside:
            thread.is_base_owned = network_identity() != self._inner.network_id
            thread.base = open_network() if thread.is_base_owned else self._inner.network
        elif not self._returns:
            raise OneWayError(
                "this thread was started before the sandbox and stands outside of it; "
                "without root it could enter but never come back",
                remedies=["start the thread (or its executor) inside the test that uses it", "run as root"],
            )
        else:
            thread.is_base_owned = not self._home.is_here()
            thread.base = Position.current() if thread.is_base_owned else self._home


def _held_across_await(block: Block) -> BlockError:
    return BlockError(
        f"{block} was held across an await: whatever ran meanwhile would have stood in {block.name}, so the block "
        "ended there, and what came after the await was not in it",
        remedies=[
            "enter, make the socket, leave, then await what uses it",
            "run the whole event loop inside: with netns[...]: asyncio.run(main())",
            "or mark the test: an async test under @pytest.mark.netns(...) runs in its namespace",
        ],
    )
