"""User namespaces: how this process enters the one of a rootless sandbox, see user_namespaces(7)."""

from __future__ import annotations

import errno
import os

from pytest_netns_mysql.kernel.namespaces import refusal, syscalls
from pytest_netns_mysql.kernel.namespaces.private import make_namespaces
from pytest_netns_mysql.kernel.namespaces.refusal import StepError, refused
from pytest_netns_mysql.kernel.namespaces.rights import NEEDED
from pytest_netns_mysql.kernel.namespaces.rights import in_user_namespace as in_user_namespace
from pytest_netns_mysql.kernel.namespaces.rights import needs_user_namespace as needs_user_namespace
from pytest_netns_mysql.kernel.namespaces.trial import attempt

_HANDED_ON = NEEDED | {syscalls.CAP_NET_RAW, syscalls.CAP_NET_BIND_SERVICE}
# setns(2) asks for it before it lets a thread into a mount namespace.
_OWN = frozenset({syscalls.CAP_SYS_CHROOT})


def enter_user_namespace(*, starts_workers: bool = False) -> None:
    """Enter a user namespace in which every id is its own, and programs that are started have four capabilities.

    The first stage of a rootless sandbox. A child process tries both stages before: where the kernel refuses a step of
    them, this process stays as it is.

    Args:
        starts_workers: Whether this process starts workers of xdist, which make sandboxes of their own. The programs
            that it starts have CAP_SYS_CHROOT then, as this process always has.

    Raises:
        SandboxError: The kernel refuses a step of making a sandbox.
        ThreadsError: This process has threads already.
    """
    try_user_namespace()
    try:
        become_capable(starts_workers=starts_workers)
    except StepError as error:
        if (error.step, error.errno) == (refusal.USER_NAMESPACE, errno.EINVAL):
            from pytest_netns_mysql.kernel.namespaces.threads import threads_error

            raise threads_error(error) from error
        raise refused(error, rootless=True) from error


def try_user_namespace() -> None:
    """Make a rootless sandbox in a child process, which has one thread; raise SandboxError where it is refused."""

    def action() -> None:
        become_capable(starts_workers=False)
        make_namespaces()

    try:
        attempt(action)
    except StepError as error:
        raise refused(error, rootless=True) from error


def become_capable(*, starts_workers: bool) -> None:
    """Enter a user namespace, and keep the capabilities in it that a sandbox needs.

    Raises StepError; this process may be left without its ids then.
    """
    uid, gid = os.geteuid(), os.getegid()
    with refusal.step(refusal.USER_NAMESPACE):
        syscalls.unshare(syscalls.CLONE_NEWUSER)
    with refusal.step(refusal.ID_MAP):
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            _write(f"/proc/self/{name}", text)
    with refusal.step(refusal.CAPABILITIES):
        syscalls.keep_capabilities(_HANDED_ON | _OWN if starts_workers else _HANDED_ON, own=_OWN)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.write(descriptor, text.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(descriptor)


def settle_capabilities(*, starts_workers: bool) -> None:
    """Keep of the capabilities that a program gets in a sandbox's user namespace those that a sandbox needs.

    Root gets all of them at exec. A program that is started by ``enter`` has CAP_SYS_CHROOT to hand on as well, which
    only workers of xdist need.
    """
    syscalls.keep_capabilities(_HANDED_ON | _OWN if starts_workers else _HANDED_ON, own=_OWN)
    if not starts_workers:
        syscalls.keep_back(syscalls.CAP_SYS_CHROOT)


def join_user_namespace(descriptor: int) -> None:
    """Enter a user namespace that another sandbox of this user made, with the capabilities of one's own.

    Raises OSError where this process has threads, or is not its user's in the namespace around it; see setns(2).
    """
    syscalls.setns(descriptor, syscalls.CLONE_NEWUSER)
    syscalls.keep_capabilities(_HANDED_ON, own=_OWN)
