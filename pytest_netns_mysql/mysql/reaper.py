"""The process that removes a run's containers, and their folders, when the run's process has ended in any way.

It runs as a program of its own, without this package until there is something to do, so it must not import from it.
"""

from __future__ import annotations

import os
import select
import sys


def main() -> None:
    """Wait for the end of the process ``argv[1]``, then remove what belongs to ``argv[2]``, below ``argv[3]``."""
    pid, owner, prefix, remover = int(sys.argv[1]), *sys.argv[2:5]
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        descriptor = -1
    os.close(1)  # it is known now that this process watches
    if descriptor != -1:
        end = select.poll()
        end.register(descriptor, select.POLLIN)
        end.poll()
    # An engine's client takes megabytes, which nothing needs for as long as the run lasts.
    os.execv(sys.executable, [sys.executable, "-c", remover, owner, prefix])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
