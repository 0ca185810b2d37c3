"""A network and a mount namespace of this process alone: make it, enter it, leave it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pytest_netns_mysql.errors import OneWayError, SandboxError
from pytest_netns_mysql.kernel import syscalls
from pytest_netns_mysql.kernel.position import Position, identity, network_identity, open_network
from pytest_netns_mysql.kernel.usernamespace import NEEDED, enter_user_namespace, needs_user_namespace, refused

NETNS_DIRECTORY = Path("/run/netns")
WORK_DIRECTORY = Path("/run/pytest-netns-mysql")
NETWORKS_DIRECTORY = WORK_DIRECTORY / "networks"


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
        """Make a sandbox as ``create`` does, by a thread that need not stay: it stands in it where nobody gets home."""
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
            syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET)
        except OSError as error:
            home.close()
            raise refused(error, "network namespace") from error
        try:
            syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SLAVE)
            # A server with a mount namespace of its own is to see what is mounted here later, a namespace's name say.
            syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SHARED)
            _make_run_private()
            _name_own_network()
            syscalls.bring_loopback_up()
            sandbox = cls(home, Position.current(), returns)
        except OSError as error:
            if returns:
                home.take()
            raise refused(error, "mount in a mount namespace of its own") from error
        if returns:
            home.take()
        return sandbox

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
                raise refused(error, "move into a sandbox of its own") from error
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


def _make_run_private() -> None:
    """Cover /run with a tmpfs that shows what was there, but a netns directory of this sandbox's own.

    An ordinary user cannot create /run/netns where it is missing, and hiding the rest of /run would hide
    sockets and resolv.conf. What cannot be bound is left out.
    """
    old = os.open("/run", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir("/run") as scan:
            entries = [(entry.name, entry.is_symlink(), entry.is_dir()) for entry in scan]
        syscalls.mount("tmpfs", "/run", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=755")
        for name, is_link, is_directory in entries:
            if name in (NETNS_DIRECTORY.name, WORK_DIRECTORY.name):
                continue
            below, shown = Path(f"/proc/self/fd/{old}/{name}"), Path("/run", name)
            with contextlib.suppress(OSError):
                if is_link:
                    shown.symlink_to(below.readlink())
                    continue
                if is_directory:
                    shown.mkdir()
                else:
                    shown.touch()
                syscalls.mount(str(below), str(shown), None, syscalls.MS_BIND | syscalls.MS_REC)
    finally:
        os.close(old)
    # A link, so that one of several networks can be shown there, and another in its place.
    NETNS_DIRECTORY.symlink_to(NETWORKS_DIRECTORY / "none")
    (NETWORKS_DIRECTORY / "none").mkdir(parents=True)


def _name_own_network() -> None:
    """Hold ``global`` by a file: it outlives descriptors, as where `netns-mysql run` becomes a program in red."""
    own = WORK_DIRECTORY / "global"
    own.touch(mode=0o444)
    syscalls.mount("/proc/thread-self/ns/net", str(own), None, syscalls.MS_BIND)
