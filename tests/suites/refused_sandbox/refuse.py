"""Become a program that the kernel refuses something: `python refuse.py WHAT -- CMD...`, WHAT as below.

The filters are the kernel's own, by seccomp(2): what a profile of AppArmor, or Docker's, makes of the same calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

_CALLS = {
    "x86_64": {"mount": 165, "unshare": 272, "openat": 257, "setns": 308},
    "aarch64": {"mount": 40, "unshare": 97, "openat": 56, "setns": 268},
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARGUMENT = 0, 32  # offsets in seccomp_data: the call's number, the low half of its third argument
_WRITE_ONLY = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW  # how the plugin alone opens an id map


def refuse(call: str, number: int, *, flags: int | None = None) -> None:
    """Have the kernel answer a call with an error, from now on, where its third argument is ``flags``."""
    steps = [(_LOAD, 0, 0, _NUMBER)]
    if flags is None:
        steps += [(_EQUAL, 0, 1, _CALLS[platform.machine()][call])]
    else:
        steps += [(_EQUAL, 0, 3, _CALLS[platform.machine()][call]), (_LOAD, 0, 0, _ARGUMENT), (_EQUAL, 0, 1, flags)]
    steps += [(_RETURN, 0, 0, _ERRNO | number), (_RETURN, 0, 0, _ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    header = struct.pack("@HP", len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0, os.strerror(ctypes.get_errno())


def hide_run() -> None:
    """Have a root folder without /run: all else is bound from the one that was there."""
    root = Path("/tmp/netns-root")  # in a mount namespace of its own
    root.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", root], check=True)
    for entry in Path("/").iterdir():
        if entry.name == "run":
            continue
        there = root / entry.name
        if entry.is_symlink():
            there.symlink_to(entry.readlink())
        elif entry.is_dir():
            there.mkdir()
            subprocess.run(["mount", "--rbind", entry, there], check=True)
    directory = Path.cwd()
    os.chroot(root)
    os.chdir(directory)


def main() -> None:
    """Refuse, then become the program."""
    whats, argv = sys.argv[1].split(","), sys.argv[3:]
    for what in whats:
        if what == "run":
            hide_run()
        elif what.startswith("max_"):
            Path("/proc/sys/user", what).write_text("0")
    for what in whats:
        if what == "mount":
            refuse("mount", errno.EACCES)
        elif what == "unshare":
            refuse("unshare", errno.EPERM)
        elif what == "map":
            refuse("openat", errno.EACCES, flags=_WRITE_ONLY)
        elif what == "home":
            refuse("setns", errno.EPERM)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main()
