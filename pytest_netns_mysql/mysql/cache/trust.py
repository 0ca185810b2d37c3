"""Trust in folders of the cache: the programs there are run, also by root, so nobody else may write there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pytest_netns_mysql.errors import CacheError

_OVERFLOW = 65534  # the uid and gid shown for ids that a user namespace does not map, see user_namespaces(7)
_ALL_IDS = ["0", "0", "4294967295"]  # the map of ids outside of any user namespace
_OWN = "use a cache of your own: set netns_cache (or NETNS_CACHE=...) to another folder"
_SEARCHABLE = stat.S_IXGRP | stat.S_IXOTH


def check(path: Path) -> None:
    """Raise CacheError if users other than this user and root could write at a path.

    All folders of the path are checked, as written and with symbolic links resolved. A folder that everybody may write
    to is accepted if it is sticky like /tmp, where only the owner of an entry can replace the entry. What does not
    exist is accepted.
    """
    written = Path(os.path.abspath(path))  # noqa: PTH100 - without following links
    real = Path(os.path.realpath(path))
    _check_all(written, path)
    if real != written:
        _check_all(real, path)


def make(path: Path) -> None:
    """Create a folder and its parents for this user only, whatever the umask is: it is 0 in some CI.

    Raises OSError, and CacheError as ``check`` does.
    """
    check(path)
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    check(path)


def unreadable(folder: Path, asked: Path) -> CacheError:
    """Return the error for a cache that this user may not read, such as one of root's that was meant for everybody.

    Args:
        folder: What this user may not read.
        asked: What is needed of it.
    """
    return CacheError(
        f"{folder} cannot be read by this user",
        where=str(asked),
        remedies=[f"let this user read it: chmod -R a+rX {folder}", _OWN],
    )


def _closed(folder: Path, asked: Path) -> CacheError:
    return CacheError(
        f"{asked} cannot be read by this user: {folder} is closed to other users", where=str(asked), remedies=[_OWN]
    )


def _check_all(path: Path, asked: Path) -> None:
    for folder in (*reversed(path.parents), path):
        try:
            status = os.lstat(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            raise _closed(folder.parent, asked) from error
        except OSError as error:
            raise CacheError(
                f"{folder} cannot be checked: {error.strerror}", where=str(asked), remedies=_REMEDIES
            ) from error
        fault = _fault(status, is_last=folder == path)
        if fault:
            raise CacheError(
                f"{asked} is not used: {folder} {fault}, who could put other programs there",
                where=str(asked),
                tried=[f"{folder}: owner {status.st_uid}:{status.st_gid}, mode {stat.S_IMODE(status.st_mode):04o}"],
                remedies=[*_REMEDIES, f"or, if you trust its content: {_command(folder, status)}"],
            )
        if stat.S_ISDIR(status.st_mode) and not status.st_mode & _SEARCHABLE:
            if not os.access(folder, os.X_OK):
                raise unreadable(asked, asked) if folder == path else _closed(folder, asked)
            return  # other users cannot reach anything below


_REMEDIES = ("set netns_cache (or NETNS_CACHE=...) to a folder that only you can write to",)


def _command(folder: Path, status: os.stat_result) -> str:
    return f"chmod go-w {folder}" if _is_trusted(status) else f"chown -R {os.geteuid()} {folder}"


def _fault(status: os.stat_result, *, is_last: bool) -> str:
    """Return what is wrong with a folder or file, or ''."""
    if not _is_trusted(status):
        return f"belongs to uid {status.st_uid}"
    if stat.S_ISLNK(status.st_mode):
        return ""  # the mode of a link means nothing, and its target is checked, too
    if status.st_mode & stat.S_ISVTX and not is_last:
        return ""
    if status.st_mode & stat.S_IWOTH:
        return "is writable by all users"
    if status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid, status.st_uid):
        return f"is writable by the group {status.st_gid}"
    return ""


def _is_trusted(status: os.stat_result) -> bool:
    """Return True if a folder's owner is this user or root."""
    # In a user namespace root and all other users are shown as nobody, so only the mode shows who can write.
    return status.st_uid in (os.geteuid(), 0) or (status.st_uid == _OVERFLOW and _hides_owners())


def _hides_owners() -> bool:
    """Return True in a user namespace in which the machine's root is nobody."""
    try:
        maps = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except OSError:
        return False
    # The second number of a line is an id outside of the namespace: `unshare --map-root-user` maps this user to 0. In a
    # user namespace inside of another one it is an id of the outer one, and the owner of / tells.
    if all(ids[1:2] != ["0"] for ids in maps):
        return True
    return maps != [_ALL_IDS] and os.stat("/").st_uid == _OVERFLOW  # noqa: PTH116 - pathlib would take longer


def _is_private(gid: int, uid: int) -> bool:
    """Return True for a group without other members: the user's own group of the same name, or root's."""
    import grp
    import pwd

    if gid == _OVERFLOW and _hides_owners():
        return False
    try:
        group = grp.getgrgid(gid)
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return gid == 0
    if gid != 0 and group.gr_name != name:
        return False
    return {*group.gr_mem} <= {name, "root"}
