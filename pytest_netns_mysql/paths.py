"""Paths in settings and arguments: made absolute, and checked, with the reason if that fails."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_netns_mysql.errors import SettingError

_LARGEST_TEXT = 1 << 20  # bytes
_MISSING = "does not exist"
_NO_REGULAR_FILE = "is not a regular file, but a device, a pipe or a socket"


def here() -> Path:
    """Return the working directory; raise SettingError if it has been removed."""
    try:
        return Path.cwd()
    except OSError as error:
        raise SettingError(
            "the working directory does not exist any more",
            tried=[str(error.strerror or error)],
            remedies=["cd to a directory that exists"],
        ) from error


def home() -> Path:
    """Return the home folder of this user: HOME if it is an absolute path, else that of the system's list of users.

    It is the root folder for a user without both, as container engines have it.
    """
    named = Path(os.environ.get("HOME", ""))
    if named.is_absolute():
        return named
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except ImportError:  # on Windows
        return Path.home()
    except KeyError:
        return Path("/")


def absolute(text: str | os.PathLike[str], base: Path | None = None) -> Path:
    """Return an absolute path.

    Args:
        text: A path; ``~`` and ``~user`` stand for home directories.
        base: Where a relative path starts, by default the working directory.

    Raises:
        ValueError: With the reason, if there is no such path.
    """
    if "\0" in os.fspath(text):
        raise ValueError("it contains a NUL character")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("there is no such user, or the user has no home folder") from error
    if path.is_absolute():
        return path
    try:
        return (base or Path.cwd()) / path
    except OSError as error:
        raise ValueError("the working directory does not exist any more") from error


def read_text(path: Path) -> str:
    """Return the text of a file that people write, in UTF-8, without a byte order mark.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file is not in UTF-8, is so large that nobody has written it, or is no regular file.
    """
    if why_no_file(path) == _NO_REGULAR_FILE:  # whose content may never come, or never end
        raise ValueError(f"it {_NO_REGULAR_FILE}")
    with path.open("rb") as file:
        content = file.read(_LARGEST_TEXT + 1)
    if len(content) > _LARGEST_TEXT:
        raise ValueError(f"it has more than {_LARGEST_TEXT >> 20} MiB")
    return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def why_not_there(path: Path) -> str | None:
    """Return why a path cannot be used, or None if there is a file or folder."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return _MISSING
    except (OSError, ValueError) as error:
        return f"cannot be accessed: {getattr(error, 'strerror', None) or error}"
    return None


def why_no_file(path: Path) -> str | None:
    """Return why a path cannot be read as a file, or None if there is a regular file."""
    if os.path.isfile(path):  # noqa: PTH113 - Path's own raises for a long name
        return None
    is_folder = os.path.isdir(path)  # noqa: PTH112
    return "is a folder" if is_folder else why_not_there(path) or _NO_REGULAR_FILE
