"""What lies in the user's cache folder: how large it is, when it was used last, and removing it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_netns_mysql.errors import CacheError, SettingError
from pytest_netns_mysql.mysql.cache import draftfile, locking
from pytest_netns_mysql.mysql.cache.cached import REMOVED
from pytest_netns_mysql.mysql.cache.trust import unreadable

KINDS = {
    "servers": "a fetched server or MySQL Router",
    "templates": "a data directory that servers begin with",
    "seeds": "a data directory with data that a factory loads",
    "states": "what a fresh server is like, or half of such facts, which a killed process left",
}
"""The folders of the cache, and what an entry of each is."""

_BLOCK = 512  # bytes, see st_blocks in inode(7)
_UNFINISHED = (".unfinished", ".sparse", REMOVED)
_BESIDE = (".err", ".sql")  # files beside a data directory that is being made


@dataclass(frozen=True)
class Entry:
    """A file or folder of the cache.

    Attributes:
        kind: The folder that it lies in, a key of KINDS.
        name: Its name there.
        path: Its path.
        size: The bytes that it takes on the disk.
        used: When it was read last, in seconds since the epoch; most file systems note that once a day.
    """

    kind: str
    name: str
    path: Path
    size: int
    used: float


def entries(cache: Path) -> list[Entry]:
    """Return the entries of a cache folder, which need not exist; raise CacheError if a folder cannot be read."""
    try:
        found = [entry for kind in KINDS for entry in _entries(kind, _paths(cache / kind))]
        return [*found, *_entries("states", filter(_is_draft, _paths(cache)))]
    except OSError as error:
        raise unreadable(Path(error.filename), cache) from error


def _paths(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_draft(path: Path) -> bool:
    return draftfile.is_draft(path.name)


def _entries(kind: str, paths: Iterable[Path]) -> Iterator[Entry]:
    for path in paths:
        if not path.name.endswith(".lock"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                size, used = _size_and_use(path)
                yield Entry(kind, path.name, path, size, used)


def _size_and_use(path: Path) -> tuple[int, float]:
    status = path.lstat()
    sizes, used = {status.st_ino: status.st_blocks}, max(status.st_mtime, status.st_atime if path.is_file() else 0)
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - there are thousands of files
                sizes[status.st_ino] = status.st_blocks  # of several names of a file only one counts
                used = max(used, status.st_atime)
    return sum(sizes.values()) * _BLOCK, used


def chosen(found: Sequence[Entry], names: Sequence[str], *, where: str) -> list[Entry]:
    """Return the entries that are named, by their kinds or their names; all if no name is given.

    Raises:
        SettingError: Nothing in the cache has one of the names.
    """
    known = {*KINDS, *(entry.name for entry in found)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingError(
            f"the cache has no {unknown[0]!r}",
            where=where,
            remedies=[f"write {', '.join(KINDS)}, or a name that `netns-mysql cache` shows"],
        )
    return [entry for entry in found if not names or entry.kind in names or entry.name in names]


def remove(entry: Entry, in_use: Callable[[Entry, Path], str | None]) -> str | None:
    """Remove an entry, unless somebody uses it.

    The entry gets another name first, so that nobody finds half of it. If somebody began to use it until then, it gets
    its name back.

    Args:
        entry: The entry.
        in_use: Returns what uses an entry that is at a path now, or None.

    Returns:
        Why the entry was kept, or None.
    """
    try:
        if entry.kind == "states" and _is_draft(entry.path):
            draftfile.remove_left([entry.path])
            return "another process is writing it" if entry.path.exists() else None
        with contextlib.ExitStack() as held:
            if entry.kind != "states":
                descriptor = locking.try_lock(_lock_file(entry))
                if descriptor is None:
                    return "another process is making it"
                held.callback(os.close, descriptor)
            reason = in_use(entry, entry.path)
            if reason is not None:
                return reason
            if not held.enter_context(locking.claimed(entry.path)):
                return "a run uses it"
            return _rename_and_remove(entry, in_use)
    except OSError as error:
        return f"{error.strerror or error}: {error.filename}"
    except CacheError as error:
        return error.what


def _lock_file(entry: Entry) -> Path:
    """Return the file that is locked while an entry is made."""
    if entry.kind == "servers":
        return entry.path.with_name(".lock")
    name = entry.name
    for suffix in (*_UNFINISHED, *_BESIDE):
        name = name.removesuffix(suffix)
    return entry.path.with_name(f"{name}.lock")


def _rename_and_remove(entry: Entry, in_use: Callable[[Entry, Path], str | None]) -> str | None:
    away = entry.path
    if not entry.name.endswith(_UNFINISHED):
        away = entry.path.with_name(f"{entry.name}{REMOVED}")
        _delete(away)
        entry.path.rename(away)
        reason = in_use(entry, away)
        if reason is not None:
            away.rename(entry.path)
            return reason
    _delete(away)
    return None


def _delete(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, names, _ in os.walk(path):
        for name in (".", *names):
            inside = Path(folder, name)
            if not inside.is_symlink():
                inside.chmod(0o700)
    shutil.rmtree(path)
