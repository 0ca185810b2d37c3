"""Filters of system calls by seccomp(2): the kernel answers a call with an error, as in a container with a profile."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from typing import NamedTuple

NUMBERS = {
    "chroot": (161, 51),
    "clone": (56, 220),
    "clone3": (435, 435),
    "flock": (73, 32),
    "inotify_init1": (294, 26),
    "memfd_create": (319, 279),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "openat": (257, 56),
    "open_tree": (428, 428),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "setns": (308, 268),
    "socket": (41, 198),
    "umount2": (166, 39),
    "unshare": (272, 97),
}
"""Each call's number on x86_64 and on aarch64."""

_MACHINES = ("x86_64", "aarch64")
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_CLONE_NEW_ANY = 0x7E020000

Step = tuple[int, int, int, int]


class Refusal(NamedTuple):
    """A system call that the kernel answers with an error.

    Attributes:
        call: The name of the call.
        number: The error.
        argument: The number of the argument that decides, or None for every call.
        mask: The bits of that argument that are looked at.
        value: What these bits must be; None for any that is not 0.
    """

    call: str
    number: int
    argument: int | None = None
    mask: int = 0xFFFFFFFF
    value: int | None = None

    def steps(self) -> list[Step]:
        """Return the filter's steps, behind which the next refusal stands."""
        answer = (_RETURN, 0, 0, _ERRNO | self.number)
        call = NUMBERS[self.call][_MACHINES.index(platform.machine())]
        number = (_LOAD, 0, 0, 0)
        if self.argument is None:
            return [number, (_EQUAL, 0, 1, call), answer]
        argument = [(_LOAD, 0, 0, 16 + 8 * self.argument), (_AND, 0, 0, self.mask)]
        decision = (_EQUAL, 1, 0, 0) if self.value is None else (_EQUAL, 0, 1, self.value)
        return [number, (_EQUAL, 0, 4, call), *argument, decision, answer]


KNOWN = {
    # As a kernel without nf_tables. Other families of sockets do not use the protocol 12.
    "netfilter": [Refusal("socket", errno.EPROTONOSUPPORT, argument=2, value=12)],
    # As a profile of AppArmor; the plugin alone opens id maps in this way.
    "map": [Refusal("openat", errno.EACCES, argument=2, value=os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)],
    # As Docker's default profile does to a process without CAP_SYS_ADMIN.
    "docker": [
        *(Refusal(call, errno.EPERM) for call in ("mount", "umount2", "unshare", "setns", "open_tree", "move_mount")),
        Refusal("clone", errno.EPERM, argument=0, mask=_CLONE_NEW_ANY),
        Refusal("clone3", errno.ENOSYS),
    ],
}


def refuse(refusals: Iterable[Refusal]) -> None:
    """Have the kernel refuse calls of this process and its children from now on."""
    steps = [step for refusal in refusals for step in refusal.steps()] + [(_RETURN, 0, 0, _ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    header = struct.pack("@HP", len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0, os.strerror(ctypes.get_errno())
