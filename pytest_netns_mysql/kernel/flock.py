"""Locks on files and folders, see flock(2). The kernel releases a lock when the process that holds it ends.

The package filelock has no shared locks of this kind, and its version 3.13 waits for a lock that nobody holds where a
file system has no locks.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

_HELD = (errno.EAGAIN, errno.EACCES)  # the second on some network file systems


class NoLocksError(OSError):
    """A file system has no locks."""


def lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file or folder until the descriptor and its copies are closed; return False if others hold a lock.

    Args:
        descriptor: The open file or folder.
        shared: True for a lock that any number of processes can hold at once.

    Raises:
        NoLocksError: The file system has no locks.
    """
    import fcntl  # Windows has none

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise NoLocksError(error.errno, error.strerror) from error
    return True


def try_lock(path: str | Path) -> int | None:
    """Return a descriptor that holds the only lock on a file until it is closed; None if others hold a lock.

    Args:
        path: The file, which is created if need be. Whoever holds the lock may remove the file.

    Raises:
        NoLocksError: The file system has no locks.
        OSError: The file cannot be opened.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        keeps = False
        try:
            if not lock(descriptor):
                return None
            # The last holder may have removed the file while it was opened here, and another process have made it.
            with contextlib.suppress(FileNotFoundError):
                keeps = os.path.samestat(os.fstat(descriptor), os.lstat(path))
        finally:
            if not keeps:
                os.close(descriptor)
        if keeps:
            return descriptor
