"""The files of an offer, see ``offers``: the socket of a standing server, and the lock on its name."""

from __future__ import annotations

import contextlib
import os

from pytest_netns_mysql.kernel import flock
from pytest_netns_mysql.reuse import offers


def path_of(folder: int, address: str, kind: str = offers.SOCKET) -> str:
    """Return a path to a file of an offer.

    The path is short, as sun_path of unix(7) must be, and leads into the open folder even if the folder is replaced.

    Args:
        folder: A descriptor of the folder of offers.
        address: The name of the offer.
        kind: The suffix of the file.
    """
    return f"/proc/self/fd/{folder}/{address}{kind}"


def lock(folder: int, address: str) -> int | None:
    """Lock the name of an offer.

    Returns:
        A descriptor that holds the lock until the descriptor and all copies are closed; None if another process has the
        lock.

    Raises:
        FileNotFoundError: The folder was removed since it was opened, by the end of the last server in it.
    """
    return flock.try_lock(path_of(folder, address, offers.LOCK))


def clean(folder: int, address: str) -> None:
    """Remove the files that a killed supervisor left behind."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = lock(folder, address)
        if descriptor is not None:
            remove(folder, address)
            os.close(descriptor)


def remove(folder: int, address: str) -> None:
    """Remove the files of an offer whose lock this process has, and the folder if it is empty then."""
    for kind in (offers.SOCKET, offers.LOCK):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{address}{kind}", dir_fd=folder)
    with contextlib.suppress(OSError):  # it has other offers
        os.rmdir(os.readlink(f"/proc/self/fd/{folder}"))  # noqa: PTH106, PTH115
