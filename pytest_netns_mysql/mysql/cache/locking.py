"""Locks on files of the cache: one process makes an entry, and the others wait for that process."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.kernel import flock
from pytest_netns_mysql.mysql.waiting import wait_until

_POLL = 0.05  # seconds
_INTERVAL = 10.0  # seconds between two lines: many workers may be waiting


@contextlib.contextmanager
def locked(file: Path, what: str, *, timeout: float, progress: Callable[[str], None]) -> Iterator[None]:
    """Lock a file for a block, as the only process; wait for another process that holds the lock.

    Args:
        file: The file, which is created if need be, in an existing folder.
        what: What holders of the lock do, such as ``fetching into the cache``.
        timeout: The longest wait in seconds.
        progress: Takes a line of text at the beginning of a wait and then each ten seconds.

    Raises:
        CacheError: Another process held the lock for too long, or the file system has no locks.
        OSError: The file cannot be opened.
    """
    waiting = _Waiting(what, progress)
    found: list[int] = []

    def take() -> bool:
        descriptor = try_lock(file)
        if descriptor is None:
            waiting.show()
            return False
        found.append(descriptor)
        return True

    def too_long() -> CacheError:
        return CacheError(
            f"another process has been {what} for {timeout:g} seconds",
            where=str(file),
            remedies=[f"find the process that holds the lock: fuser {file}", "end that process, and run again"],
        )

    wait_until(take, timeout=timeout, error=too_long, pause=_POLL)
    try:
        yield
    finally:
        os.close(found[0])


def try_lock(file: Path) -> int | None:
    """Return a descriptor that holds the lock on a file until it is closed; None if another process has the lock.

    Raises as ``locked``.
    """
    try:
        return flock.try_lock(file)
    except flock.NoLocksError as error:
        raise _no_locks(file, error) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _link(file) from error
        raise


def share(folder: Path) -> int | None:
    """Return a descriptor that keeps others from claiming a folder until it is closed; None if that fails.

    Any number of processes can share a folder.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if flock.lock(descriptor, shared=True):
            return descriptor
    except flock.NoLocksError:  # nothing can be shared there
        pass
    os.close(descriptor)
    return None


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Share a folder for a block, as ``share`` does."""
    descriptor = share(folder)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Keep others from sharing a folder for a block; yield False if somebody shares it already."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # no folder, or one that cannot be read, and so cannot be shared
        yield True
        return
    try:
        try:
            is_ours = flock.lock(descriptor)
        except flock.NoLocksError:  # nobody can share the folder
            is_ours = True
        yield is_ours
    finally:
        os.close(descriptor)


class _Waiting:
    """The lines about a wait."""

    def __init__(self, what: str, progress: Callable[[str], None]) -> None:
        self._what = what
        self._progress = progress
        self._began: float | None = None
        self._last = 0.0

    def show(self) -> None:
        now = clock.monotonic()
        line = f"waiting for another process that is {self._what}"
        if self._began is None:
            self._began = self._last = now
            self._progress(f"{line}…")
        elif now - self._last >= _INTERVAL:
            self._last = now
            self._progress(f"{line}, {now - self._began:.0f} s")


def _link(file: Path) -> CacheError:
    return CacheError(
        "a file of the cache that processes lock is a symbolic link, which is not followed",
        where=str(file),
        remedies=[f"remove the link, and look who made it: rm {file}"],
    )


def _no_locks(file: Path, error: OSError) -> CacheError:
    return CacheError(
        f"the cache lies on a file system without locks (flock(2)): {error.strerror or error}",
        where=str(file),
        remedies=["set netns_cache (or NETNS_CACHE=...) to a folder on a local file system"],
    )
