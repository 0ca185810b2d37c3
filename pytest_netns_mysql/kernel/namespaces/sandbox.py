"""The sandbox of this process: creating it, moving into it and out of it."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.kernel.namespaces import sweeper, syscalls
from pytest_netns_mysql.kernel.namespaces.asyncblock import OwnedByTest
from pytest_netns_mysql.kernel.namespaces.block import Block
from pytest_netns_mysql.kernel.namespaces.childprocess import run_in_child
from pytest_netns_mysql.kernel.namespaces.creation import create_namespaces
from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
from pytest_netns_mysql.kernel.namespaces.newthread import has_kernel_threads, run_in_new_thread
from pytest_netns_mysql.kernel.namespaces.position import Position, identity, open_network
from pytest_netns_mysql.kernel.namespaces.privileges import (
    CAP_SYS_CHROOT,
    NEEDED,
    effective_capabilities,
    in_user_namespace,
    needs_user_namespace,
)
from pytest_netns_mysql.kernel.namespaces.refusal import sandbox_error
from pytest_netns_mysql.kernel.namespaces.savedtarget import SavedTargets
from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace
from pytest_netns_mysql.kernel.namespaces.withblocks import OpenBlocks


def can_return() -> bool:
    """Return True if this thread can leave its network and mount namespace and come back.

    Joining the thread's own namespace changes nothing and needs the same rights as coming back, see setns(2).
    """
    if CAP_SYS_CHROOT not in effective_capabilities():
        return False
    descriptor = open_network()
    try:
        syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


@dataclass
class Sandbox:
    """A network and a mount namespace of this process alone, in which ``/run/netns`` is private.

    Attributes:
        home: Where the process came from.
        inner: The sandbox's own network, ``global``.
        can_return: Whether the kernel lets a thread go home again.
        outside: A network namespace without a way to any other, which takes the place of home if no thread can return.
        sweeper_pipe: What ``sweeper.start`` has returned, for a sandbox that this process created.
        has_moved_in: Whether the process's main thread has moved into the sandbox for good.
        blocks: The open ``with`` blocks of the calling thread.
        owned_by_test: What the running test has made in namespaces, and what ends with it.
    """

    home: Position
    inner: Position
    can_return: bool
    outside: Position | None = None
    sweeper_pipe: int | None = None
    has_moved_in: bool = False

    def __post_init__(self) -> None:
        """Start without an open block in any thread."""
        self.owned_by_test: OwnedByTest = OwnedByTest()
        self.blocks: OpenBlocks = OpenBlocks(
            self.home, self.inner, self.outside, SavedTargets(), can_return=self.can_return
        )

    @classmethod
    def create(cls, mode: str = "auto", *, visitors: str = "") -> Sandbox:
        """Create a sandbox. The calling thread goes home afterwards if it can, and otherwise lives in the sandbox.

        See unshare(2) and ip-netns(8).

        Args:
            mode: The setting ``netns_mode``: ``auto``, ``direct`` or ``rootless``.
            visitors: Processes that go on in the sandbox after this process, see ``sweeper.start``.

        Raises:
            SandboxError: This machine does not allow a sandbox.
            ThreadsError: A user namespace is needed, and this process has several threads.
        """
        sandbox = cls.create_in_thread(mode, visitors=visitors)
        sandbox.move_in()
        return sandbox

    @classmethod
    def create_in_thread(cls, mode: str = "auto", *, visitors: str = "") -> Sandbox:
        """Create a sandbox from a thread that need not last, and leave the rest of the process where it is.

        If no thread can return, the calling thread ends up in the sandbox. If the kernel refuses, the thread does not
        move. Arguments and errors are those of ``create``.
        """
        if needs_user_namespace(mode):
            enter_user_namespace()
        elif not effective_capabilities() >= NEEDED:
            raise SandboxError(
                "netns_mode = direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN, and this process lacks one of them",
                remedies=[
                    "use netns_mode = auto",
                    "run as root, or in Docker with --cap-add SYS_ADMIN --cap-add NET_ADMIN",
                ],
            )
        returns = can_return()
        has_kernel_threads()  # raises an error where no thread can be started
        home = Position.current()
        try:
            inner, sweeper_pipe = _create_and_return(home, visitors) if returns else _create_and_stay(visitors)
        except OSError as error:
            home.close()
            raise sandbox_error(error, rootless=in_user_namespace()) from error
        return cls(home, inner, returns, None if returns else _create_outside(), sweeper_pipe)

    @classmethod
    def from_descriptors(cls, network: int, mount: int, root: int) -> Sandbox:
        """Return a sandbox that another process created; the calling thread must be in the sandbox's user namespace.

        The calling thread need not last. It ends up in the sandbox if no thread can return.

        Args:
            network: A descriptor of the sandbox's network namespace. The sandbox owns its descriptors from now on.
            mount: A descriptor of the sandbox's mount namespace.
            root: A descriptor of the root directory.

        Raises:
            OSError: The kernel does not let the thread in, see setns(2).
        """
        home, returns = Position.current(), can_return()
        inner = Position(network, mount, root, identity(network), identity(mount))
        if returns:
            return cls(home, inner, returns)
        inner.enter()
        return cls(home, inner, returns, _create_outside())

    def move_in(self) -> None:
        """If no thread can return, move the calling thread, the process's main one, into the sandbox for good.

        Raises:
            SandboxError: The kernel does not let the thread in, see setns(2).
        """
        if self.outside is not None and not self.has_moved_in:
            try:
                self.outside.enter()
            except OSError as error:
                raise sandbox_error(error, rootless=in_user_namespace()) from error
            self.has_moved_in = True

    def close(self) -> None:
        """Close the sandbox's descriptors; the kernel removes the sandbox when the last process in it ends."""
        patches = sys.modules.get("pytest_netns_mysql.kernel.namespaces.asyncpatches")
        if patches is not None:  # it was imported for the first ``async with`` block
            patches.remove(self.owned_by_test)
        for position in (self.home, self.inner, self.outside):
            if position is not None:
                position.close()
        if self.sweeper_pipe is not None:
            with contextlib.suppress(OSError):  # a test has closed it
                os.close(self.sweeper_pipe)
            self.sweeper_pipe = None

    def entered(self, network: int | None = None) -> Enterable:
        """Return a context manager that moves the calling thread into a network of this sandbox.

        Args:
            network: A descriptor of the network namespace, by default that of ``global``.
        """
        return Enterable(self.blocks, self.inner.network if network is None else network, GLOBAL)

    @property
    def resting_position(self) -> Position:
        """Where a thread stands between tests: home, or outside of every namespace once the process has moved in."""
        return self.outside if self.outside is not None and self.has_moved_in else self.home

    def at_rest(self) -> Enterable:
        """Return a context manager that moves the calling thread to its resting position."""
        return Enterable(self.blocks, self.resting_position, "no namespace")

    def bring_back(self) -> list[Block] | None:
        """Move the calling thread to its resting position.

        Returns:
            The blocks that were still open, or None if the thread could not be moved.
        """
        position = self.resting_position
        try:
            still_open = self.blocks.end_inside()
            if not self.blocks.stands_at(position):
                position.enter()
                if not self.blocks.stands_at(position):
                    return None
        except OSError:
            return None
        return still_open


def _create_and_return(home: Position, visitors: str) -> tuple[Position, int | None]:
    """Create the namespaces of a sandbox; the calling thread ends at ``home`` in any case.

    Returns:
        The position of the namespaces, and what ``sweeper.start`` returns.
    """
    try:
        create_namespaces()
        inner = Position.current()
    finally:
        home.enter()
    return inner, _start_sweeper(inner, visitors)


def _create_and_stay(visitors: str) -> tuple[Position, int | None]:
    """Create the namespaces of a sandbox, and leave the calling thread in them.

    A thread that fails half-way could not come back. So a new thread creates the namespaces, and the calling thread
    follows only if that thread succeeds. Without kernel threads, or without the capability to follow, a child process
    tries everything first. What is returned is that of ``_create_and_return``.
    """

    def create() -> Position:
        create_namespaces()
        return Position.current()

    if CAP_SYS_CHROOT not in effective_capabilities() or not has_kernel_threads():
        run_in_child(create)
        inner = create()
        return inner, _start_sweeper(inner, visitors)
    inner = run_in_new_thread(create)
    sweeper_pipe = _start_sweeper(inner, visitors)
    inner.enter()
    return inner, sweeper_pipe


def _start_sweeper(inner: Position, visitors: str) -> int | None:
    """Have the processes that are left in a sandbox ended when this process has ended."""
    folder = os.open(str(WORK_DIRECTORY.relative_to("/")), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=inner.root)
    try:
        return sweeper.start(inner.mount, folder, visitors=visitors)
    finally:
        os.close(folder)


def _create_outside() -> Position:
    """Create the network namespace in which wider fixtures run if no thread can go home.

    With root such fixtures run on the host, which has none of the topology's addresses. So this namespace has none of
    them either. The calling thread stays where it is.
    """
    inner = open_network()
    try:
        syscalls.unshare(syscalls.CLONE_NEWNET)
        try:
            syscalls.bring_loopback_up()
            return Position.current()
        finally:
            syscalls.setns(inner, syscalls.CLONE_NEWNET)
    finally:
        os.close(inner)
