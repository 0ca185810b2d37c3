"""A cache on a file system that is mounted noexec, where no fetched program can be run; see mount(8)."""

from __future__ import annotations

import os
from pathlib import Path

FAULT = "the cache lies on a file system that is mounted noexec, where no program can be run"


def is_noexec(path: Path) -> bool:
    """Return True if no program below a path can be run; for a path that does not exist, below its nearest parent."""
    try:
        return os.statvfs(_existing(path)).f_flag & os.ST_NOEXEC != 0
    except OSError:
        return False


def remedies(cache: Path) -> tuple[str, str]:
    """Return what to do about a cache whose programs cannot be run."""
    return (
        "set netns_cache (or NETNS_CACHE=...) to a folder on a file system that is not mounted noexec",
        f"or allow programs there, as root: {allow(cache)}",
    )


def allow(path: Path) -> str:
    """Return the command that lets programs below a path be run."""
    return f'mount -o remount,exec "$(findmnt -no TARGET --target {_existing(path)})"'


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if os.path.exists(folder))  # noqa: PTH110
