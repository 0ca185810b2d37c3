"""A network and a mount namespace of this process alone: make it, enter it, leave it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.blocks import Block, Blocks
from pytest_netns_mysql.kernel.namespaces.place import Place
from pytest_netns_mysql.kernel.namespaces.position import Position, identity, open_network
from pytest_netns_mysql.kernel.namespaces.private import NETNS_DIRECTORY as NETNS_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.private import NETWORKS_DIRECTORY as NETWORKS_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.private import WORK_DIRECTORY as WORK_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.private import make_namespaces
from pytest_netns_mysql.kernel.namespaces.refusal import refused
from pytest_netns_mysql.kernel.namespaces.rights import NEEDED, in_user_namespace, needs_user_namespace
from pytest_netns_mysql.kernel.namespaces.thread import by_thread, has_kernel_threads
from pytest_netns_mysql.kernel.namespaces.trial import attempt
from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace


def can_return() -> bool:
    """Tell whether this thread, once it has left its network and mount namespace, may come back.

    Joining the namespace that one is in asks for the same rights as coming back to it, and changes
    nothing, see setns(2).
    """
    if syscalls.CAP_SYS_CHROOT not in syscalls.effective_capabilities():
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
    """This process's own network and mount namespace, in which ``/run/netns`` is private.

    Attributes:
        home: Where the process came from.
        inner: The sandbox's own network, ``global``.
        returns: Whether the kernel lets a thread go home again.
        outside: Where no thread gets home, what takes its place: a network namespace with no way to any other.
        has_moved_in: Whether this process lives in the sandbox by now.
        blocks: The open ``with`` blocks of the calling thread.
    """

    home: Position
    inner: Position
    returns: bool
    outside: Position | None = None
    has_moved_in: bool = False

    def __post_init__(self) -> None:
        """Begin without an open block in any thread."""
        self.blocks = Blocks(self.home, self.inner, returns=self.returns)

    @classmethod
    def create(cls, mode: str = "auto") -> Sandbox:
        """Make a sandbox; the calling thread is home again afterwards where it may be, and else lives in it.

        Raises SandboxError where this machine allows none, ThreadsError where a user namespace is needed
        and this process has threads. See unshare(2), ip-netns(8).
        """
        sandbox = cls.make(mode)
        sandbox.move_in()
        return sandbox

    @classmethod
    def make(cls, mode: str = "auto") -> Sandbox:
        """Make a sandbox as ``create`` does, by a thread that need not stay: it stands in it where nobody gets home.

        Whatever the kernel refuses, the calling thread stands where it stood. Raises what ``create`` does.
        """
        if needs_user_namespace(mode):
            enter_user_namespace()
        elif not syscalls.effective_capabilities() >= NEEDED:
            raise SandboxError(
                "netns_mode = direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN, and this process has not got both",
                remedies=[
                    "use netns_mode = auto",
                    "run as root, or in Docker with --cap-add SYS_ADMIN --cap-add NET_ADMIN",
                ],
            )
        returns = can_return()
        home = Position.current()
        try:
            inner = _make_and_return(home) if returns else _make_and_stay()
        except OSError as error:
            home.close()
            raise refused(error, rootless=in_user_namespace()) from error
        return cls(home, inner, returns, None if returns else _make_outside())

    @classmethod
    def of(cls, network: int, mount: int, root: int) -> Sandbox:
        """Return a sandbox that another process made, by descriptors that are its own from now on.

        The calling thread need not stay: like the one that makes a sandbox it stands in it where nobody gets home. It
        must be in the sandbox's user namespace. Raises OSError, see setns(2).
        """
        home, returns = Position.current(), can_return()
        inner = Position(network, mount, root, identity(network), identity(mount))
        if returns:
            return cls(home, inner, returns)
        inner.take()
        return cls(home, inner, returns, _make_outside())

    def move_in(self) -> None:
        """Have the calling thread, the process's main one, live in the sandbox from now on, where nobody gets home.

        Raises SandboxError where it may not enter, see setns(2).
        """
        if self.outside is not None and not self.has_moved_in:
            try:
                self.outside.take()
            except OSError as error:
                raise refused(error, rootless=in_user_namespace()) from error
            self.has_moved_in = True

    @contextlib.contextmanager
    def handing_on(self) -> Iterator[None]:
        """Have a program that the calling thread starts in the block be able to enter, where no thread gets home."""
        if self.returns or self.has_moved_in:
            yield
            return
        syscalls.hand_on(syscalls.CAP_SYS_CHROOT)
        try:
            yield
        finally:
            syscalls.keep_back(syscalls.CAP_SYS_CHROOT)

    def close(self) -> None:
        """Let go of the sandbox: the kernel ends it when the last process in it ends."""
        for place in (self.home, self.inner, self.outside):
            if place is not None:
                place.close()

    def entered(self, network: int | None = None) -> Place:
        """Return what has the calling thread stand in a network of this sandbox, by default ``global``, by ``with``."""
        return Place(self.blocks, self.inner.network if network is None else network, GLOBAL)

    @property
    def resting_place(self) -> Position:
        """The position of a thread between tests: home, or outside of every namespace once the process lives here."""
        return self.outside if self.outside is not None and self.has_moved_in else self.home

    def at_rest(self) -> Place:
        """Return what has the calling thread stand at its resting place, by ``with``."""
        return Place(self.blocks, self.resting_place, "no namespace")

    def bring_back(self) -> list[Block] | None:
        """Put the calling thread at its resting place.

        Returns:
            The blocks that were still open, or None where the thread could not be brought back.
        """
        place = self.resting_place
        try:
            found = self.blocks.end_inside()
            if not place.is_here():
                place.take()
        except OSError:
            return None
        return found if place.is_here() else None


def _make_outside() -> Position:
    """Return a network namespace for wider fixtures where nobody gets home; the calling thread stays in ``global``.

    With root such fixtures stand on the host, where none of the topology's addresses is; so they must find none here.
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


def _make_and_return(home: Position) -> Position:
    """Make the namespaces of a sandbox; the calling thread is home again afterwards, also where that fails."""
    try:
        make_namespaces()
        return Position.current()
    finally:
        home.take()


def _make_and_stay() -> Position:
    """Make the namespaces of a sandbox, and have the calling thread stand in them; where that fails it has not moved.

    It could not come back. So a thread makes them that ends then, or else they are tried in a child process first.
    """

    def make() -> Position:
        make_namespaces()
        return Position.current()

    if syscalls.CAP_SYS_CHROOT not in syscalls.effective_capabilities() or not has_kernel_threads():
        attempt(make)
        return make()
    inner = by_thread(make)
    inner.take()
    return inner
