"""The files of a server that stays up: its socket, and the lock that holds its name; see ``offers``."""

from __future__ import annotations

import contextlib
import fcntl
import os

from pytest_netns_mysql.reuse import offers


def path_of(folder: int, address: str, kind: str = offers.SOCKET) -> str:
    """Return the path of an offer in the open folder: short, as sun_path of unix(7) must be, and no other folder's."""
    return f"/proc/self/fd/{folder}/{address}{kind}"


def lock(folder: int, address: str) -> int | None:
    """Return a descriptor that holds an offer's name as long as it, or a copy, is open; None where it is held."""
    while True:
        path = path_of(folder, address, offers.LOCK)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:  # noqa: PTH116
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)  # removed by its last holder while it was opened here


def clean(folder: int, address: str) -> None:
    """Remove what a supervisor that was killed has left."""
    held = lock(folder, address)
    if held is not None:
        remove(folder, address)
        os.close(held)


def remove(folder: int, address: str) -> None:
    """Remove the files of an offer whose name is held by this process."""
    for kind in (offers.SOCKET, offers.LOCK):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{address}{kind}", dir_fd=folder)
