"""Writing files of the cache in one step, so that no process reads half of a file, or mixes its text with another's."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from pytest_netns_mysql import clock
from pytest_netns_mysql.kernel import flock

_DRAFT = re.compile(r".+\.[0-9a-f]{16}", re.DOTALL)
_OLD = 3600.0  # seconds: the age of a draft that nobody writes any more, where the file system has no locks


def replace_file(path: Path, text: str) -> None:
    """Write a file, which has its old content until it has all of the new.

    The draft has a name that no other process chooses. A pid would be no such name: machines that share a home folder,
    and containers, have equal ones. Nobody else can change the file, whatever the umask is. Drafts of the same file
    whose processes were killed are removed.

    Raises OSError, and leaves nothing then.
    """
    draft, descriptor = _new_draft(path)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            draft.replace(path)  # while the lock is held
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    with contextlib.suppress(OSError):
        remove_left(each for each in path.parent.glob(f"{path.name}.*") if is_draft(each.name))


def remove_tree(path: Path) -> None:
    """Remove what a killed process left in a folder's place; a symbolic link is removed itself, and not followed."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def is_draft(name: str) -> bool:
    """Return True if a file with a name is a draft, of a process that runs or was killed."""
    return _DRAFT.fullmatch(name) is not None


def remove_left(paths: Iterable[Path]) -> None:
    """Remove drafts whose processes were killed; raise OSError."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode) and _is_left(descriptor):
                    path.unlink()
            finally:
                os.close(descriptor)


def _new_draft(path: Path) -> tuple[Path, int]:
    """Return a new draft and its descriptor, which holds a lock on the draft, if the file system has locks."""
    while True:
        draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            is_locked = flock.lock(descriptor)
        except flock.NoLocksError:
            return draft, descriptor
        # Another process may have removed the draft before it was locked here.
        with contextlib.suppress(FileNotFoundError):
            if is_locked and os.path.samestat(os.fstat(descriptor), os.lstat(draft)):
                return draft, descriptor
        os.close(descriptor)


def _is_left(descriptor: int) -> bool:
    """Return True if no process writes a draft any more. A lock ends with the process that holds it."""
    try:
        return flock.lock(descriptor)
    except flock.NoLocksError:
        return clock.now() - os.fstat(descriptor).st_mtime > _OLD
