"""The process that removes a run's containers, and their folders, when the run's process has ended in any way.

It runs as a program of its own, without this package until there is something to do, so it must not import from it.
"""

from __future__ import annotations

import os
import select
import sys

WATCHING = b"watching\n"


def main() -> None:
    """Wait for the end of the process ``argv[1]``, then remove what belongs to ``argv[2]``, and the folder ``argv[3]``.

    ``argv[4]`` is where the package and what it needs are imported from, as PYTHONPATH has it.
    """
    pid, owner, folder, places = int(sys.argv[1]), *sys.argv[2:5]
    end = select.poll()
    end.register(os.pidfd_open(pid), select.POLLIN)
    os.write(1, WATCHING)
    os.close(1)
    end.poll()
    # Only now: an engine's client takes megabytes, which nothing needs for as long as the run lasts.
    sys.path[:] = places.split(os.pathsep)
    from pytest_netns_mysql.mysql.containers.engine import reap

    reap(owner, folder)


if __name__ == "__main__":
    main()
