"""The folder in which standing servers are offered: UNIX sockets that only their own user can reach.

This file is small because every run looks here. What it takes to use an offer is in ``protocol``.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pytest_netns_mysql.errors import SandboxError

_NAME = "pytest-netns-mysql"
SOCKET = ".sock"
LOCK = ".lock"


def is_allowed(setting: str) -> bool:
    """Return True if a run may use a standing server. With ``auto`` a run in CI may not.

    Args:
        setting: The value of netns_reuse.
    """
    return setting == "always" or (setting == "auto" and os.environ.get("CI", "").lower() in ("", "0", "false"))


def folder() -> Path:
    """Return the folder of this user's offers: in $XDG_RUNTIME_DIR if this user owns it, else in /tmp."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if base.is_absolute():
        try:
            os.close(_opened(base))
        except (OSError, SandboxError):
            pass  # for example the folder of another user: sudo keeps the variable
        else:
            return base / _NAME
    return Path(f"/tmp/{_NAME}-{os.geteuid()}")  # noqa: S108 - owner and mode are checked at each use


def open_folder(*, make: bool = False) -> int | None:
    """Return a descriptor of the folder of offers, or None if the folder does not exist.

    Args:
        make: Whether to make a folder that does not exist.

    Raises:
        SandboxError: Another user owns the folder, or can reach into it.
    """
    path = folder()
    if make:
        path.mkdir(mode=0o700, exist_ok=True)
    try:
        return _opened(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error


def _opened(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise _refused(path, f"it belongs to uid {status.st_uid}")
        if status.st_mode & 0o077:
            raise _refused(path, f"its mode is {stat.S_IMODE(status.st_mode):04o}, so other users can reach into it")
        try:
            # In a user namespace all other users have uid 65534, which may also be the uid of this user. The kernel
            # knows the difference: only the owner may change the mode.
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        except OSError as error:
            raise _refused(path, "it belongs to another user") from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refused(path: Path, fault: str) -> SandboxError:
    return SandboxError(
        f"standing servers cannot be offered in {path}: {fault}",
        where=str(path),
        remedies=[
            f"if the folder is yours, chmod 700 {path}, else remove it",
            "or set XDG_RUNTIME_DIR to a folder of mode 700",
        ],
    )


def addresses(*, strict: bool = False) -> list[str]:
    """Return the names of this user's offers, including those of servers that were killed.

    Args:
        strict: Whether to raise an error if other users can reach into the folder; else the result is empty then.

    Raises:
        SandboxError: With ``strict``: another user owns the folder, or can reach into it.
    """
    try:
        descriptor = open_folder()
    except SandboxError:
        if strict:
            raise
        return []
    if descriptor is None:
        return []
    try:
        return sorted(name.removesuffix(SOCKET) for name in os.listdir(descriptor) if name.endswith(SOCKET))  # noqa: PTH208
    finally:
        os.close(descriptor)
