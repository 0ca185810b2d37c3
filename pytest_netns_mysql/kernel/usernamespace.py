"""User namespaces: whether a sandbox needs one, and how this process enters it, see user_namespaces(7)."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from pytest_netns_mysql.errors import SandboxError, ThreadsError
from pytest_netns_mysql.kernel import syscalls

NEEDED = frozenset({syscalls.CAP_SYS_ADMIN, syscalls.CAP_NET_ADMIN})
_HANDED_ON = NEEDED | {syscalls.CAP_NET_RAW, syscalls.CAP_NET_BIND_SERVICE}
# setns(2) asks for it before it lets a thread into a mount namespace.
_OWN = frozenset({syscalls.CAP_SYS_CHROOT})


def needs_user_namespace(mode: str) -> bool:
    """Tell whether a sandbox in ``mode`` begins with a user namespace, see user_namespaces(7).

    ``direct`` never does, ``rootless`` does unless this process is in a user namespace that a sandbox
    made, ``auto`` does where CAP_SYS_ADMIN or CAP_NET_ADMIN is missing.
    """
    if mode == "direct":
        return False
    capable = syscalls.effective_capabilities() >= NEEDED
    if mode == "rootless":
        return not (capable and in_user_namespace())
    return not capable


def in_user_namespace() -> bool:
    """Tell whether this process is in a user namespace other than the machine's first one."""
    return Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]


def enter_user_namespace(*, starts_workers: bool = False) -> None:
    """Enter a user namespace in which every id is its own, and programs that are started have four capabilities.

    The first stage of a rootless sandbox. This process has CAP_SYS_CHROOT as well, and its programs too where it
    ``starts_workers`` of xdist, which are to make sandboxes of their own. Raises ThreadsError where this process has
    threads already, SandboxError where the kernel forbids user namespaces; see user_namespaces(7).
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path("/proc/self", name).write_text(text)
        syscalls.keep_capabilities(_HANDED_ON | _OWN if starts_workers else _HANDED_ON, own=_OWN)
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
        raise refused(error, "user namespace") from error


def join_user_namespace(descriptor: int) -> None:
    """Enter a user namespace that another sandbox of this user made, with the capabilities of one's own.

    Raises OSError where this process has threads, or is not its user's in the namespace around it; see setns(2).
    """
    syscalls.setns(descriptor, syscalls.CLONE_NEWUSER)
    syscalls.keep_capabilities(_HANDED_ON, own=_OWN)


def refused(error: OSError, what: str) -> SandboxError:
    """Return the error that names what the kernel refused, and what is known to help."""
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
