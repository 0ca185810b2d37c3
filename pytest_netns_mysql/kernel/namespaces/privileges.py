"""What this process may do already, read from /proc: it decides if a sandbox needs a user namespace.

This module does not import ctypes, which a run without netns tests does not need.
"""

from __future__ import annotations

import os
from pathlib import Path

from pytest_netns_mysql.errors import SandboxError

CAP_NET_BIND_SERVICE = 10
CAP_NET_ADMIN = 12
CAP_NET_RAW = 13
CAP_SYS_CHROOT = 18
CAP_SYS_ADMIN = 21

NEEDED = frozenset({CAP_SYS_ADMIN, CAP_NET_ADMIN})
"""The capabilities without which a sandbox begins with a user namespace."""


def effective_capabilities() -> frozenset[int]:
    """Return the numbers of the calling thread's effective capabilities, see capabilities(7).

    Raises:
        SandboxError: /proc is not mounted; nothing else in this package works without it either.
    """
    return _capabilities()["CapEff"]


def gains_capabilities_at_exec() -> bool:
    """Return True for root without all capabilities that exec gives to root, see capabilities(7)."""
    if os.geteuid() != 0:
        return False
    own = _capabilities()
    return not own["CapBnd"] <= own["CapPrm"]


def has_seccomp_filter() -> bool:
    """Return True if a filter of system calls is in force, as in most containers, see seccomp(2)."""
    return any(line.split() == ["Seccomp:", "2"] for line in _status().splitlines())


def _capabilities() -> dict[str, frozenset[int]]:
    """Return the sets of capabilities of the calling thread, by their names in /proc/thread-self/status."""
    lines = (line.split(":") for line in _status().splitlines() if line.startswith("Cap"))
    masks = {name: int(mask, 16) for name, mask in lines}
    return {name: frozenset(number for number in range(64) if mask >> number & 1) for name, mask in masks.items()}


def _status() -> str:
    """Return /proc/thread-self/status, see proc_pid_status(5).

    Raises:
        SandboxError: /proc is not mounted.
    """
    try:
        return Path("/proc/thread-self/status").read_text()
    except OSError as error:
        from pytest_netns_mysql.kernel.linuxonly import require_linux

        require_linux()
        raise SandboxError(
            "/proc is not mounted here, and namespaces are entered by its files",
            tried=[str(error)],
            remedies=["mount it, as root: mount -t proc proc /proc"],
        ) from error


def needs_user_namespace(mode: str) -> bool:
    """Return True if a sandbox begins with a user namespace, see user_namespaces(7).

    Args:
        mode: ``direct`` never needs a user namespace. ``rootless`` needs one unless this process is in one already and
            has the capabilities. ``auto`` needs one if CAP_SYS_ADMIN or CAP_NET_ADMIN is missing.
    """
    if mode == "direct":
        return False
    capable = effective_capabilities() >= NEEDED
    if mode == "rootless":
        return not (capable and in_user_namespace())
    return not capable


def in_user_namespace() -> bool:
    """Return True if this process is in a user namespace other than the machine's first one."""
    return Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]
