"""The mark of a run that a standing server has let into its sandbox: the run goes on there when the server ends."""

from __future__ import annotations

import contextlib
import mmap
import os

NAME = "pytest-netns-mysql-visitor"
"""The name of the mark in /proc/PID/maps."""

_kept: list[mmap.mmap] = []


def mark() -> None:
    """Mark this process until it ends, whatever files it closes; its forked children are not marked.

    Where the kernel refuses the memory, the process goes on without a mark.
    """
    if _kept:
        return
    with contextlib.suppress(OSError):
        descriptor = os.memfd_create(NAME)
        try:
            os.ftruncate(descriptor, mmap.PAGESIZE)
            memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        finally:
            os.close(descriptor)
        memory.madvise(mmap.MADV_DONTFORK)
        _kept.append(memory)
