"""The process that removes the containers and the folder of a run after the run has ended in any way.

This file runs as a program of its own, and imports nothing of this package before the run has ended.
"""

from __future__ import annotations

import os
import select
import sys

WATCHING = b"watching\n"
_ROUNDS = 4  # in a row that find no container, before the search ends
_PAUSE = 0.5  # seconds


def main() -> None:
    """Wait for the end of a process, then remove its containers and their folder.

    The arguments are the process's pid, the label's value on its containers, the folder, and the import path, as in
    PYTHONPATH.
    """
    pid, owner, folder, places = int(sys.argv[1]), *sys.argv[2:5]
    end = select.poll()
    end.register(os.pidfd_open(pid), select.POLLIN)
    os.write(1, WATCHING)
    os.close(1)
    end.poll()
    # Imported only now: the engine's client takes megabytes, which this process does not need during the run.
    sys.path[:] = places.split(os.pathsep)
    _remove(owner, folder)


def _remove(owner: str, folder: str) -> None:
    import shutil
    import time

    from pytest_netns_mysql.mysql.containers.engine import Engine

    engine, rounds = Engine("the end of a run"), 0
    while rounds < _ROUNDS:  # the engine may still be creating a container
        rounds = 0 if engine.remove_all(owner) else rounds + 1
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
