"""Where servers that stay up between runs are offered: sockets in a folder that this user alone can search.

It is told here without the cost of importing how such a server is taken.
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
    """Return True if a run may take a server that stays up: CI never does by itself."""
    return setting == "always" or (setting == "auto" and os.environ.get("CI", "").lower() in ("", "0", "false"))


def folder() -> Path:
    """Return the folder of this user's offers: in $XDG_RUNTIME_DIR where that is this user's, else in /tmp."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if base.is_absolute():
        try:
            os.close(_opened(base))
        except (OSError, SandboxError):
            pass  # such as another user's, which sudo keeps
        else:
            return base / _NAME
    return Path(f"/tmp/{_NAME}-{os.geteuid()}")  # noqa: S108 - its owner and its mode are checked whenever it is used


def open_folder(*, make: bool = False) -> int | None:
    """Return a descriptor of the folder of offers, or None where there is none; ``make`` makes it.

    Raises SandboxError where another user has put something in its place, or could reach into it.
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
            raise _refused(path, f"its mode is {stat.S_IMODE(status.st_mode):04o}, so that others reach into it")
        try:
            # In a user namespace every stranger shows as uid 65534, which may be one's own: the kernel alone knows, and
            # lets nobody but the owner do this.
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        except OSError as error:
            raise _refused(path, "it belongs to another user") from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refused(path: Path, fault: str) -> SandboxError:
    return SandboxError(
        f"servers that stay up cannot be offered in {path}: {fault}",
        where=str(path),
        remedies=[f"remove it, or chmod 700 if it is yours: {path}", "or set XDG_RUNTIME_DIR to a folder of mode 700"],
    )


def addresses(*, strict: bool = False) -> list[str]:
    """Return the names of this user's offers, those of servers that were killed too.

    Raises SandboxError if ``strict`` where the folder is not this user's alone; else there are none then.
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
