"""A network and a mount namespace of this process alone: make it, enter it, leave it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pytest_netns_mysql.errors import OneWayError, SandboxError, ThreadsError
from pytest_netns_mysql.kernel import syscalls
from pytest_netns_mysql.kernel.position import Position, network_identity, open_network

NETNS_DIRECTORY = Path("/run/netns")
WORK_DIRECTORY = Path("/run/pytest-netns-mysql")
NETWORKS_DIRECTORY = WORK_DIRECTORY / "networks"

_NEEDED = frozenset({syscalls.CAP_SYS_ADMIN, syscalls.CAP_NET_ADMIN})
_KEPT = _NEEDED | {syscalls.CAP_NET_RAW, syscalls.CAP_NET_BIND_SERVICE}


def needs_user_namespace(mode: str) -> bool:
    """Tell whether a sandbox in ``mode`` begins with a user namespace, see user_namespaces(7).

    ``direct`` never does, ``rootless`` does unless this process is in a user namespace that a sandbox
    made, ``auto`` does where CAP_SYS_ADMIN or CAP_NET_ADMIN is missing.
    """
    if mode == "direct":
        return False
    capable = syscalls.effective_capabilities() >= _NEEDED
    if mode == "rootless":
        return not (capable and in_user_namespace())
    return not capable


def in_user_namespace() -> bool:
    """Tell whether this process is in a user namespace other than the machine's first one."""
    return Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]


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


def enter_user_namespace() -> None:
    """Enter a user namespace in which every id is its own and four capabilities are kept.

    The first stage of a rootless sandbox. Raises ThreadsError where this process has threads already,
    SandboxError where the kernel forbids user namespaces; see user_namespaces(7).
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path("/proc/self", name).write_text(text)
        syscalls.keep_capabilities(_KEPT)
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise ThreadsError(
                "the user namespace of a rootless sandbox cannot be entered: this process has threads already",
                tried=[f"unshare(CLONE_NEWUSER): {error}"],
                remedies=[
                    'set netns_mode = "auto" in the ini file (or NETNS_MODE=auto, or --netns-mode=auto): with any '
                    "netns setting there, pytest enters the user namespace before plugins and conftests start threads",
                    "if one is set, a plugin starts threads while it is imported, as numpy's OpenBLAS does: "
                    "OPENBLAS_NUM_THREADS=1, or `netns-mysql run -- pytest ...`, which enters before pytest starts",
                    "run as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN: then no user namespace is needed",
                ],
            ) from error
        raise _refused(error, "user namespace") from error


def _refused(error: OSError, what: str) -> SandboxError:
    return SandboxError(
        f"this machine lets {'root' if os.geteuid() == 0 else 'an ordinary user'} make no {what}",
        tried=[str(error)],
        remedies=[*_cures(error), "run `netns-mysql doctor`: it probes each prerequisite and names the cure"],
    )


def _cures(error: OSError) -> list[str]:
    """Return what is known to help, by the kernel's answer and its settings."""
    if error.errno == errno.ENOSPC:
        return ["raise the limits: sysctl -w user.max_user_namespaces=15000 user.max_net_namespaces=15000"]
    for name in ("kernel/apparmor_restrict_unprivileged_userns", "kernel/unprivileged_userns_clone"):
        wanted = "0" if "apparmor" in name else "1"
        with contextlib.suppress(OSError):
            if Path("/proc/sys", name).read_text().strip() != wanted:
                return [f"allow it: sysctl -w {name.replace('/', '.')}={wanted}"]
    return [
        "in Docker as root: --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined",
        "in Docker as an ordinary user: --security-opt seccomp=unconfined",
    ]


@dataclass(frozen=True)
class Sandbox:
    """Hold this process's own network and mount namespace, in which ``/run/netns`` is private.

    ``home`` is where the process came from, ``inner`` the sandbox's own network, ``global``. Where
    ``returns`` is false the kernel lets nobody home: the thread that made the sandbox stays in it.
    """

    home: Position
    inner: Position
    returns: bool

    @classmethod
    def create(cls, mode: str = "auto") -> Sandbox:
        """Make a sandbox; the calling thread is home again afterwards where it may be.

        Raises SandboxError where this machine allows none, ThreadsError where a user namespace is needed
        and this process has threads. See unshare(2), ip-netns(8).
        """
        if needs_user_namespace(mode):
            enter_user_namespace()
        elif not syscalls.effective_capabilities() >= _NEEDED:
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
            raise _refused(error, "network namespace") from error
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
            raise _refused(error, "mount in a mount namespace of its own") from error
        if returns:
            home.take()
        return sandbox

    def enter(self, network: int) -> Position | int:
        """Put the calling thread into a network namespace of this sandbox.

        Returns what ``leave`` needs to put it back. Raises OneWayError, and moves nothing, where the
        thread stands outside and could not come back. See setns(2).
        """
        if self.inner.has_this_mount():
            before = open_network()
            syscalls.setns(network, syscalls.CLONE_NEWNET)
            return before
        if not self.returns:
            raise OneWayError(
                "this thread was started before the sandbox and stands outside of it; "
                "without root it could enter but never come back",
                remedies=["start the thread (or its executor) inside the test that uses it", "run as root"],
            )
        outside = Position.current()
        self.inner.take()
        syscalls.setns(network, syscalls.CLONE_NEWNET)
        return outside

    @staticmethod
    def leave(before: Position | int) -> None:
        """Put the calling thread back to where ``enter`` found it."""
        if isinstance(before, int):
            try:
                syscalls.setns(before, syscalls.CLONE_NEWNET)
            finally:
                os.close(before)
        else:
            try:
                before.take()
            finally:
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
        """Return where a thread stands between tests: home, or ``global`` where nobody gets home."""
        return self.home if self.returns else self.inner

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
