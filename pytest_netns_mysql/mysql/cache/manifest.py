"""The manifest of a folder in the cache, to find damage: quickly at each use, and by content after a failed start."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from pytest_netns_mysql.mysql.cache.draftfile import replace_file
from pytest_netns_mysql.mysql.cache.trust import unreadable

_FILE = ".netns-manifest.json"
_NEEDED = stat.S_IRUSR | stat.S_IXUSR  # who shares a cache takes the right to write away, and lets others read
_TOLERANCE = 2.0  # seconds: CI keeps caches in archives that may round the times of files


def exists(folder: Path) -> bool:
    """Return True if a folder has a manifest."""
    return (folder / _FILE).exists()


def stamp(folder: Path) -> object:
    """Return an object that differs if a folder was made again, or None if the folder has no manifest."""
    try:
        status = (folder / _FILE).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def write(folder: Path, *, with_content: bool = True) -> None:
    """Write the manifest of a folder, when the folder is complete.

    Args:
        folder: The folder.
        with_content: True to read all files for a checksum, which ``fault_of_content`` needs.
    """
    content = {"entries": _entries(folder), "digest": _digest(folder) if with_content else ""}
    replace_file(folder / _FILE, json.dumps(content))


def fault(folder: Path) -> str | None:
    """Return the first difference from the manifest in names, types, sizes, modes and times, or None.

    Of the modes, only the owner's rights to read, search and execute count. Raises CacheError if this user may not read
    the folder.
    """
    known = _read(folder)
    if known is None:
        if os.path.lexists(folder) and not os.access(folder, os.R_OK | os.X_OK):
            raise unreadable(folder, folder / _FILE)
        return "it has no manifest, so it is incomplete"
    try:
        found = _entries(folder)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    for name, (size, mode, changed) in known["entries"].items():
        if name not in found:
            return f"{name} is missing"
        now = found[name]
        if now[0] != size:
            return f"{name} has {now[0]} bytes instead of {size}"
        if stat.S_IFMT(now[1]) != stat.S_IFMT(mode) or mode & ~now[1] & _NEEDED:
            return f"{name} has the mode {now[1]:o} instead of {mode:o}"
        if abs(now[2] - changed) > _TOLERANCE:
            return f"{name} was modified"
    return None


def fault_of_content(folder: Path) -> str | None:
    """Return what ``fault`` returns, or that the content of a file differs; this reads all files."""
    known, found = _read(folder), fault(folder)
    if found or known is None:
        return found
    try:
        return None if known["digest"] == _digest(folder) else "the content of its files has changed"
    except OSError as error:
        return f"{error.filename}: {error.strerror}"


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        content = json.loads((folder / _FILE).read_bytes())
        entries = {name: (size, mode, float(time)) for name, (size, mode, time) in content["entries"].items()}
        return {"entries": entries, "digest": content["digest"]}
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None


def _entries(folder: Path, below: str = "") -> dict[str, tuple[int, int, float]]:
    """Return size, mode and modification time of all entries below a folder; size and time are 0 for folders."""
    found: dict[str, tuple[int, int, float]] = {}
    with os.scandir(folder) as scan:
        for entry in scan:
            if entry.name.startswith(_FILE):
                continue
            status = entry.stat(follow_symlinks=False)
            is_folder = stat.S_ISDIR(status.st_mode)
            name = below + entry.name
            found[name] = (
                0 if is_folder else status.st_size,
                status.st_mode,
                0.0 if is_folder else status.st_mtime,
            )
            if is_folder:
                found |= _entries(Path(entry.path), f"{name}/")
    return found


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b()
    for name, (_, mode, _) in sorted(_entries(folder).items()):
        digest.update(name.encode("utf-8", "surrogateescape"))
        if stat.S_ISREG(mode):
            with (folder / name).open("rb") as file:
                while part := file.read(1 << 20):
                    digest.update(part)
    return digest.hexdigest()
