"""The system calls that Python 3.10 lacks: unshare, setns, mount, umount2, inotify, capset, prctl."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from functools import cache

CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000
MS_SHARED = 0x100000

_PR_SET_PDEATHSIG = 1
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PR_CAP_AMBIENT_LOWER = 3
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_MNT_DETACH = 0x2


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give the calling thread new namespaces.

    See the man page unshare(2).
    """
    _check(_libc().unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """Move the calling thread into a namespace.

    See the man page setns(2).

    Args:
        fd: A descriptor of the namespace.
        kind: The namespace's kind, one of the CLONE_NEW constants.
    """
    if _libc().setns(fd, kind) != 0:
        _check(-1, "setns")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount ``source`` at ``target``.

    See the man page mount(2).
    """
    result = _libc().mount(
        os.fsencode(source),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        None if data is None else data.encode(),
    )
    _check(result, f"mount {target}")


def unmount(target: str) -> None:
    """Detach the mount at ``target``, which ends when its last user closes it, see MNT_DETACH in umount2(2)."""
    _check(_libc().umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def inotify_init() -> int:
    """Return a new inotify descriptor, on which reading does not block, see inotify_init1(2)."""
    descriptor: int = _libc().inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    _check(min(descriptor, 0), "inotify_init1")
    return descriptor


def inotify_add_watch(descriptor: int, path: str, mask: int) -> int:
    """Watch a path with an inotify ``descriptor``.

    See the man page inotify_add_watch(2).

    Returns:
        The watch's number, which the events of this path carry.
    """
    number: int = _libc().inotify_add_watch(descriptor, os.fsencode(path), mask)
    _check(min(number, 0), f"inotify_add_watch {path}")
    return number


def limit_capabilities(ambient: frozenset[int], *, own: frozenset[int] = frozenset()) -> None:
    """Take all other capabilities from the calling thread, see capset(2) and PR_CAP_AMBIENT(2const).

    Args:
        ambient: Capabilities of the thread and of the programs that it starts.
        own: Capabilities of the thread alone.
    """
    mask = sum(1 << number for number in ambient | own)
    header = struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    data = struct.pack("=6I", low, low, low, high, high, high)
    _check(_libc().capset(header, data), "capset")
    for number in sorted(ambient):
        raise_ambient(number)


def raise_ambient(number: int) -> None:
    """Pass a capability of the calling thread on to the programs that it starts, see PR_CAP_AMBIENT(2const)."""
    _check(_libc().prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number, 0, 0), "prctl PR_CAP_AMBIENT")


def lower_ambient(number: int) -> None:
    """Stop passing a capability on to the programs that the calling thread starts, see PR_CAP_AMBIENT(2const)."""
    _check(_libc().prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_LOWER, number, 0, 0), "prctl PR_CAP_AMBIENT")


def die_with_parent(signal: int) -> None:
    """Have the kernel send ``signal`` to this process when its parent thread ends, see PR_SET_PDEATHSIG(2const)."""
    _check(_libc().prctl(_PR_SET_PDEATHSIG, int(signal), 0, 0, 0), "prctl PR_SET_PDEATHSIG")


def bring_loopback_up() -> None:
    """Set ``lo`` up in the calling thread's network namespace, see netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        from fcntl import ioctl  # Windows has none

        ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
