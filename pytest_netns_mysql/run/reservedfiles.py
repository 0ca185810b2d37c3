"""Open files that are kept for this plugin's own work after a test that has used up all others."""

from __future__ import annotations

import contextlib
import gc
import os

_NUMBER = 16  # a report opens a module and a few sockets at a time


class ReservedFiles:
    """Open files of no use but that they can be closed, so that as many others can be opened.

    A test that has reached ``ulimit -n`` may still hold its files when its report is made: its frames are kept.
    """

    def __init__(self) -> None:
        """Reserve nothing yet."""
        self._kept: list[int] = []
        self._identity: tuple[int, int] | None = None

    def reserve(self) -> None:
        """Open the files that are missing, as far as the limit allows."""
        try:
            self._open()
        except OSError:
            gc.collect()  # the frames of a failed test, with its files, are part of a cycle
            with contextlib.suppress(OSError):
                self._open()

    def _open(self) -> None:
        if not self._kept:
            self._kept += os.pipe()  # which nothing else has open, and no profile of a container refuses
            status = os.fstat(self._kept[0])
            self._identity = status.st_dev, status.st_ino
        while len(self._kept) < _NUMBER:
            self._kept.append(os.dup(self._kept[0]))

    def release(self) -> None:
        """Close the files."""
        for descriptor in self._kept:
            with contextlib.suppress(OSError):
                status = os.fstat(descriptor)
                if (status.st_dev, status.st_ino) == self._identity:  # the test may have closed it, and opened another
                    os.close(descriptor)
        self._kept.clear()
