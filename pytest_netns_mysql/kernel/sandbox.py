"""A network and a mount namespace of this process alone: make it, enter it, leave it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

from pytest_netns_mysql.errors import OneWayError, SandboxError
from pytest_netns_mysql.kernel import syscalls
from pytest_netns_mysql.kernel.position import Position, identity, network_identity, open_network
from pytest_netns_mysql.kernel.private import NETNS_DIRECTORY as NETNS_DIRECTORY
from pytest_netns_mysql.kernel.private import NETWORKS_DIRECTORY as NETWORKS_DIRECTORY
from pytest_netns_mysql.kernel.private import WORK_DIRECTORY as WORK_DIRECTORY
from pytest_netns_mysql.kernel.private import make_namespaces
from pytest_netns_mysql.kernel.refusal import refused
from pytest_netns_mysql.kernel.rights import NEEDED, in_user_namespace, needs_user_namespace
from pytest_netns_mysql.kernel.thread import by_thread, has_kernel_threads
from pytest_netns_mysql.kernel.trial import attempt
from pytest_netns_mysql.kernel.usernamespace import enter_user_namespace


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
    """Hold this process's own network and mount namespace, in which ``/run/netns`` is private.

    ``home`` is where the process came from, ``inner`` the sandbox's own network, ``global``. Where ``returns`` is
    false the kernel lets no thread home; ``has_moved_in`` tells whether this process lives in it by now.
    """

    home: Position
    inner: Position
    returns: bool
    has_moved_in: bool = False

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
        return cls(home, inner, returns)

    @classmethod
    def of(cls, network: int, mount: int, root: int) -> Sandbox:
        """Return a sandbox that another process made, by descriptors that are its own from now on.

        The calling thread need not stay: like the one that makes a sandbox it stands in it where nobody gets home. It
        must be in the sandbox's user namespace. Raises OSError, see setns(2).
        """
        home, returns = Position.current(), can_return()
        inner = Position(network, mount, root, identity(network), identity(mount))
        if not returns:
            inner.take()
        return cls(home, inner, returns)

    def move_in(self) -> None:
        """Have the calling thread, the process's main one, live in the sandbox from now on, where nobody gets home.

        Raises SandboxError where it may not enter, see setns(2).
        """
        if not self.returns and not self.has_moved_in:
            try:
                self.inner.take()
            except OSError as error:
                raise refused(error, rootless=in_user_namespace()) from error
            self.has_moved_in = True

    def enter(self, network: int) -> Position | int:
        """Put the calling thread into a network namespace of this sandbox.

        Returns what ``leave`` needs to put it back. Raises OneWayError, and moves nothing, where the
        thread stands outside and could not come back. See setns(2).
        """
        # By what is open already, wherever that will do: a test moves some ten times.
        if self.inner.has_this_mount():
            before = self.inner.network if network_identity() == self.inner.network_id else open_network()
            syscalls.setns(network, syscalls.CLONE_NEWNET)
            return before
        if not self.returns:
            raise OneWayError(
                "this thread was started before the sandbox and stands outside of it; "
                "without root it could enter but never come back",
                remedies=["start the thread (or its executor) inside the test that uses it", "run as root"],
            )
        outside = self.home if self.home.is_here() else Position.current()
        self.inner.take_mount()
        syscalls.setns(network, syscalls.CLONE_NEWNET)
        return outside

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

    def leave(self, before: Position | int) -> None:
        """Put the calling thread back to where ``enter`` found it."""
        if isinstance(before, int):
            try:
                syscalls.setns(before, syscalls.CLONE_NEWNET)
            finally:
                if before != self.inner.network:
                    os.close(before)
        else:
            try:
                before.take()
            finally:
                if before is not self.home:
                    before.close()

    def close(self) -> None:
        """Let go of the sandbox: the kernel ends it when the last process in it ends."""
        self.home.close()
        self.inner.close()

    @contextlib.contextmanager
    def entered(self, network: int | None = None) -> Iterator[None]:
        """Have the calling thread stand in this sandbox until the block ends; in ``global`` by default."""
        before = self.enter(self.inner.network if network is None else network)
        try:
            yield
        finally:
            self.leave(before)

    @property
    def resting_place(self) -> Position:
        """Return where a thread stands between tests: home, or ``global`` once this process lives there."""
        return self.inner if self.has_moved_in else self.home

    def outside(self) -> Outside:
        """Return what puts a thread at its resting place by ``with``."""
        return Outside(self.resting_place)

    def bring_back(self) -> bool:
        """Put the calling thread at its resting place; tell whether it stands there now."""
        place = self.resting_place
        if network_identity() == place.network_id and place.has_this_mount():
            return True
        with contextlib.suppress(OSError):
            place.take()
        return place.is_here()


class Outside:
    """Stand at the resting place with ``with``: outside of every namespace of the topology; blocks nest."""

    def __init__(self, place: Position) -> None:
        """Keep the place."""
        self._place = place
        self._before: list[Position | None] = []

    def __enter__(self) -> Outside:
        if self._place.is_here():
            self._before.append(None)
        else:
            before = Position.current()
            self._place.take()
            self._before.append(before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        before = self._before.pop()
        if before is not None:
            try:
                before.take()
            finally:
                before.close()


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
