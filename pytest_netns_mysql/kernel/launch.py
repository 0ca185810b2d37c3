"""Run a program that dies with the process that asks for it.

As a script, for `python -I -S`, this file stands between fork and exec, where a function of the asking process would
be unsafe with threads. Its arguments are the asking process's pid, a file that the program is to find empty or nothing,
then the program's argv.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_SLAVE = 0x1000, 0x4000, 0x80000


def command(argv: Sequence[str], *, empty: str = "") -> list[str]:
    """Return the argv that runs ``argv`` so that it ends, by SIGKILL, when the calling thread does.

    It alone finds the file ``empty`` empty, in a mount namespace of its own, see mount_namespaces(7).
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), empty, *argv]


def main() -> None:
    """Ask the kernel for SIGKILL at the parent's death, then become the program; see PR_SET_PDEATHSIG(2const)."""
    parent, empty, argv = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    libc = ctypes.CDLL(None)
    if empty and os.path.exists(empty) and libc.unshare(_CLONE_NEWNS) == 0:  # noqa: PTH110 - pathlib is slow to import
        # Mounts of the sandbox still come here, those of here go nowhere.
        libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_SLAVE), None)
        libc.mount(b"/dev/null", os.fsencode(empty), None, ctypes.c_ulong(_MS_BIND), None)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the process that asked for this program is gone")
    # Python ignores SIGPIPE, and exec would hand that on.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
