"""A script that enters a network namespace and becomes another program there.

The script runs as a file, by `python -I -S`. Unlike nsenter(1) it is always installed, and it needs no capability if
its process is in the namespace already. Its arguments are the namespace's name, the namespace's file, the device and
inode that the file must have, and the program's argv.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_CLONE_NEWNET = 0x40000000
_CURRENT = "/proc/self/ns/net"


def command(argv: Sequence[str], *, name: str, file: str, identity: tuple[int, int]) -> list[str]:
    """Return the command line that runs a program in a network namespace.

    Args:
        argv: The program and its arguments.
        name: The namespace's name, for error messages.
        file: The namespace's file.
        identity: Device and inode of the namespace. No other namespace is entered.
    """
    expected = ":".join(map(str, identity))
    return [sys.executable, "-I", "-S", __file__, name, file, expected, *argv]


def main() -> None:
    """Enter the namespace, see setns(2), then become the program."""
    name, file, expected, *argv = sys.argv[1:]
    if _identity(_CURRENT) != expected:
        _enter(name, file, expected)
    # Python ignores SIGPIPE, and an ignored signal stays ignored after exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


def _identity(path: str | int) -> str:
    status = os.stat(path)  # noqa: PTH116 - pathlib is slow to import
    return f"{status.st_dev}:{status.st_ino}"


def _enter(name: str, file: str, expected: str) -> None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        sys.exit(f"cannot enter namespace {name}: {file}: {error.strerror} (is this process outside of the sandbox?)")
    if _identity(descriptor) != expected:
        sys.exit(f"cannot enter namespace {name}: {file} is another namespace by now")
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        sys.exit(f"cannot enter namespace {name}: setns: {os.strerror(ctypes.get_errno())}")
    os.close(descriptor)


if __name__ == "__main__":
    main()
