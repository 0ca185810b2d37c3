"""Paths that somebody wrote: made absolute, and looked at, with the reason where that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_netns_mysql.errors import SettingError


def here() -> Path:
    """Return the working directory; raise SettingError where it is there no more."""
    try:
        return Path.cwd()
    except OSError as error:
        raise SettingError(
            "the working directory is there no more",
            tried=[str(error.strerror or error)],
            remedies=["cd to a directory that exists"],
        ) from error


def absolute(text: str | os.PathLike[str], base: Path | None = None) -> Path:
    """Return a path in full, from ``base`` or the working directory; raise ValueError with the reason where it is none.

    ``~`` and ``~user`` are home directories.
    """
    if "\0" in os.fspath(text):
        raise ValueError("it holds a NUL")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("there is no home of such a user") from error
    if path.is_absolute():
        return path
    try:
        return (base or Path.cwd()) / path
    except OSError as error:
        raise ValueError("the working directory is there no more") from error


def why_not_there(path: Path) -> str | None:
    """Return why there is nothing at a path, or None where there is something."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist"
    except (OSError, ValueError) as error:
        return f"cannot be looked at: {getattr(error, 'strerror', None) or error}"
    return None
