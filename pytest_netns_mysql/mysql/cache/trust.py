"""Whom a folder of the cache can be trusted to come from: what stands in it is run, by root too."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pytest_netns_mysql.errors import CacheError

_OVERFLOW = 65534  # how ids that a user namespace does not map are shown, see user_namespaces(7)
_SOMEBODY_ELSES = stat.S_IWGRP | stat.S_IWOTH
_SEARCHABLE = stat.S_IXGRP | stat.S_IXOTH


def check(path: Path) -> None:
    """Raise CacheError if somebody other than this user and root could have put something at ``path``, or can.

    Each folder on the way is looked at, as the path is written and as its symbolic links lead. A
    folder that everybody may write to passes if it is sticky, as /tmp is: there only the owner of an entry may replace
    it. What does not exist is passed over.
    """
    written = Path(os.path.abspath(path))  # noqa: PTH100 - without following links
    real = Path(os.path.realpath(path))
    _check_all(written, path)
    if real != written:
        _check_all(real, path)


def make(path: Path) -> None:
    """Make a folder, and those above it, that nobody else can reach into; raise OSError, and CacheError as ``check``.

    Whatever the umask is, which is 0 in some CI.
    """
    check(path)
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    check(path)


def _check_all(path: Path, asked: Path) -> None:
    for folder in (*reversed(path.parents), path):
        try:
            status = os.lstat(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise CacheError(
                f"{folder} cannot be looked at: {error.strerror}", where=str(asked), remedies=_REMEDIES
            ) from error
        fault = _fault(status, is_last=folder == path)
        if fault:
            raise CacheError(
                f"what lies in {asked} is not used: {folder} {fault}, who could put programs of theirs there",
                where=str(asked),
                tried=[f"{folder}: owner {status.st_uid}:{status.st_gid}, mode {stat.S_IMODE(status.st_mode):04o}"],
                remedies=[*_REMEDIES, f"or, if you trust what is in it: {_cure(folder, status)}"],
            )
        if stat.S_ISDIR(status.st_mode) and not status.st_mode & _SEARCHABLE:
            return  # what is below is out of reach for others


_REMEDIES = ("set netns_cache (or NETNS_CACHE=...) to a folder that is yours alone",)


def _cure(folder: Path, status: os.stat_result) -> str:
    return f"chmod go-w {folder}" if _is_trusted(status) else f"chown -R {os.geteuid()} {folder}"


def _fault(status: os.stat_result, *, is_last: bool) -> str:
    """Return what is wrong with one folder or file, or nothing."""
    if not _is_trusted(status):
        return f"belongs to uid {status.st_uid}"
    if stat.S_ISLNK(status.st_mode):
        return ""  # its mode says nothing, and where it leads is looked at
    if status.st_mode & stat.S_ISVTX and not is_last:
        return ""
    if status.st_mode & stat.S_IWOTH:
        return "can be written to by everybody"
    if status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid, status.st_uid):
        return f"can be written to by the group {status.st_gid}"
    return ""


def _is_trusted(status: os.stat_result) -> bool:
    """Return True if a folder's owner is this user or root."""
    # In a user namespace root shows as nobody. So do strangers: what they can write to is told by the mode alone there.
    return status.st_uid in (os.geteuid(), 0) or (status.st_uid == _OVERFLOW and _hides_owners())


def _hides_owners() -> bool:
    """Return True in a user namespace that does not map root."""
    try:
        maps = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return False
    # The second number of a line is where its ids begin outside: unshare --map-root-user shows the user as 0, not root.
    return all(line.split()[1:2] != ["0"] for line in maps)


def _is_private(gid: int, uid: int) -> bool:
    """Return True for a group without members beside a user: its own one of the same name, or root's."""
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
