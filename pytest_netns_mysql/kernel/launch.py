"""Run a program that dies with the process that asks for it.

As a script, for `python -I -S`, this file stands between fork and exec, where a function of the asking process would
be unsafe with threads. Its arguments are the asking process's pid, then the program's argv.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def command(argv: Sequence[str]) -> list[str]:
    """Return the argv that runs ``argv`` so that it ends, by SIGKILL, when the calling thread does."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv]


def main() -> None:
    """Ask the kernel for SIGKILL at the parent's death, then become the program; see PR_SET_PDEATHSIG(2const)."""
    parent, argv = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
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
