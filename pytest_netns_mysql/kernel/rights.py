"""What this process may do already, read from /proc: whether a sandbox needs a user namespace. It imports no ctypes."""

from __future__ import annotations

from pathlib import Path

_CAP_NET_ADMIN = 12
_CAP_SYS_ADMIN = 21
NEEDED = frozenset({_CAP_SYS_ADMIN, _CAP_NET_ADMIN})


def effective_capabilities() -> frozenset[int]:
    """Return the numbers of the calling thread's effective capabilities, see capabilities(7)."""
    for line in Path("/proc/thread-self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            mask = int(line.split()[1], 16)
            return frozenset(number for number in range(64) if mask >> number & 1)
    return frozenset()


def needs_user_namespace(mode: str) -> bool:
    """Return True if a sandbox in ``mode`` begins with a user namespace, see user_namespaces(7).

    ``direct`` never does, ``rootless`` does unless this process is in a user namespace that a sandbox
    made, ``auto`` does where CAP_SYS_ADMIN or CAP_NET_ADMIN is missing.
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
