"""What this process may do already, read from /proc: whether a sandbox needs a user namespace. It imports no ctypes."""

from __future__ import annotations

from pathlib import Path

from pytest_netns_mysql.errors import SandboxError

_CAP_NET_ADMIN = 12
_CAP_SYS_ADMIN = 21
NEEDED = frozenset({_CAP_SYS_ADMIN, _CAP_NET_ADMIN})


def effective_capabilities() -> frozenset[int]:
    """Return the numbers of the calling thread's effective capabilities, see capabilities(7).

    Raises SandboxError where there is no /proc, which everything else needs, too.
    """
    try:
        status = Path("/proc/thread-self/status").read_text()
    except OSError as error:
        raise SandboxError(
            "/proc is not mounted here, and namespaces are entered by its files",
            tried=[str(error)],
            remedies=["mount it, as root: mount -t proc proc /proc"],
        ) from error
    for line in status.splitlines():
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
