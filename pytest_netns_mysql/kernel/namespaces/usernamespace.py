"""The user namespace of a rootless sandbox and the capabilities in it, see user_namespaces(7)."""

from __future__ import annotations

import errno
import os
import signal
import sys

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.kernel.namespaces import refusal, syscalls
from pytest_netns_mysql.kernel.namespaces.childprocess import run_in_child
from pytest_netns_mysql.kernel.namespaces.creation import create_namespaces
from pytest_netns_mysql.kernel.namespaces.newthread import has_kernel_threads, no_threads_error
from pytest_netns_mysql.kernel.namespaces.position import Position
from pytest_netns_mysql.kernel.namespaces.privileges import (
    CAP_NET_BIND_SERVICE,
    CAP_NET_RAW,
    CAP_SYS_CHROOT,
    NEEDED,
)
from pytest_netns_mysql.kernel.namespaces.refusal import StepError, sandbox_error

_AMBIENT = NEEDED | {CAP_NET_RAW, CAP_NET_BIND_SERVICE}
"""The four capabilities of programs in the sandbox."""

_OWN = frozenset({CAP_SYS_CHROOT})
"""What setns(2) needs to move a thread into a mount namespace."""

_THREAD = "to start a thread"


def enter_user_namespace(*, starts_workers: bool = False) -> None:
    """Enter a user namespace that maps this user to itself and gives programs four capabilities.

    This is the first stage of a rootless sandbox. A child process tries both stages before. If the kernel refuses one
    of their steps, this process stays as it is.

    Args:
        starts_workers: Whether this process starts workers of xdist, which create sandboxes of their own. For that the
            programs that this process starts get CAP_SYS_CHROOT as well.

    Raises:
        SandboxError: The kernel refuses a step of creating a sandbox.
        ThreadsError: This process has several threads already.
    """
    try_user_namespace()
    try:
        unshare_user_namespace(starts_workers=starts_workers)
    except StepError as error:
        if (error.step, error.errno) == (refusal.USER_NAMESPACE, errno.EINVAL):
            from pytest_netns_mysql.kernel.namespaces.threadstarters import threads_error

            raise threads_error(error) from error
        raise sandbox_error(error, rootless=True) from error


def try_user_namespace() -> None:
    """Create a rootless sandbox in a child process, which has one thread, and try what the sandbox needs later.

    Raises:
        SandboxError: The kernel refuses a step of creating a sandbox.
    """

    def action() -> None:
        unshare_user_namespace(starts_workers=False)
        create_namespaces()
        with refusal.step(refusal.MOVE):
            Position.current().enter(is_mount_another=True)
        if "gevent" not in sys.modules:  # its threads are none of the kernel's, and do not survive the fork
            try:
                has_kernel_threads()
            except SandboxError as error:
                raise StepError(_THREAD, 0, *error.tried) from error

    try:
        run_in_child(action)
    except StepError as error:
        if error.step == _THREAD:
            raise no_threads_error(error.strerror or "") from error
        raise sandbox_error(error, rootless=True) from error


def unshare_user_namespace(*, starts_workers: bool) -> None:
    """Enter a new user namespace without trying first, and keep the capabilities in it that a sandbox needs.

    Args:
        starts_workers: As for ``enter_user_namespace``.

    Raises:
        StepError: The kernel refuses a step. This process may be left without a user id.
    """
    uid, gid = os.geteuid(), os.getegid()
    with refusal.step(refusal.USER_NAMESPACE):
        syscalls.unshare(syscalls.CLONE_NEWUSER)
    with refusal.step(refusal.ID_MAP):
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            _write(f"/proc/self/{name}", text)
    with refusal.step(refusal.CAPABILITIES):
        _limit_capabilities(starts_workers=starts_workers)


def join_user_namespace(descriptor: int) -> None:
    """Enter the user namespace that another sandbox of this user created, with the capabilities that a sandbox needs.

    Raises:
        OSError: This process has several threads, or its user is not the user of the namespace, see setns(2).
    """
    syscalls.setns(descriptor, syscalls.CLONE_NEWUSER)
    _limit_capabilities(starts_workers=False)


def reduce_capabilities(*, starts_workers: bool) -> None:
    """Reduce the capabilities of a process that was started in a sandbox's user namespace to the usual ones.

    Root gets all capabilities at exec. A program that ``exec_in_userns`` starts passes CAP_SYS_CHROOT on to its own
    programs, which only workers of xdist need.

    Args:
        starts_workers: As for ``enter_user_namespace``.
    """
    _limit_capabilities(starts_workers=starts_workers)
    if not starts_workers:
        syscalls.lower_ambient(CAP_SYS_CHROOT)


def prepare_worker() -> None:
    """Let this worker of xdist end with its controller, and pass on no capability that was meant for workers alone."""
    syscalls.die_with_parent(signal.SIGKILL)
    syscalls.lower_ambient(CAP_SYS_CHROOT)


def _limit_capabilities(*, starts_workers: bool) -> None:
    syscalls.limit_capabilities(_AMBIENT | _OWN if starts_workers else _AMBIENT, own=_OWN)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.write(descriptor, text.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(descriptor)
