"""Copying data directories: from a template or a seed to a server, and into a snapshot."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import manifest
from pytest_netns_mysql.mysql.cache.trust import unreadable
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld.failure import limits_met

_COPY_TIMEOUT = 120.0  # seconds
_BLOCK = 512  # bytes of what stat(2) calls a block


def copy(source: Path, target: Path) -> None:
    """Copy a data directory. Holes stay holes, so that 65 MB cost only their 30 MB of content.

    The files are copied without another program, which would take twice the time.

    Raises:
        CacheError: The directory cannot be copied.
        OSError: This process has too many open files.
    """
    try:
        _copy_folder(str(source), str(target))
    except OSError as error:
        if error.errno == errno.EMFILE:
            raise  # a limit of this process, and no fault of the cache
        if isinstance(error, PermissionError) and str(error.filename).startswith(str(source)):
            raise unreadable(source, Path(error.filename)) from error
        raise _not_copied(source, target, [str(error)]) from error


def _copy_folder(source: str, target: str) -> None:
    os.mkdir(target, 0o700)  # noqa: PTH102 - some hundred paths, and Path is slower
    with os.scandir(source) as entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _copy_folder(entry.path, path)
            elif entry.is_symlink():
                os.symlink(os.readlink(entry.path), path)  # noqa: PTH115, PTH211
            else:
                _copy_file(entry.path, path)
    status = os.stat(source)  # noqa: PTH116
    _give_to_owner(target, status)
    os.chmod(target, status.st_mode & 0o7777 | 0o700)  # noqa: PTH101 - the folder in the cache may be read-only
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_file(source: str, target: str) -> None:
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(reading)
        mode = status.st_mode & 0o7777 | 0o600  # the file in the cache may be read-only
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            if status.st_blocks * _BLOCK < status.st_size:
                _copy_content(reading, writing, status.st_size)
            else:
                _send(reading, writing, 0, status.st_size)
            _give_to_owner(writing, status)
            os.fchmod(writing, mode)  # the umask may have taken bits away
            os.utime(writing, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _give_to_owner(target: str | int, status: os.stat_result) -> None:
    """Set the owner of a copy to that of the original, if this user may: a container's server has a user of its own.

    A user namespace does not know every owner and group: the kernel answers EINVAL for those, see user_namespaces(7).
    """
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        try:
            os.chown(target, status.st_uid, status.st_gid)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EINVAL):
                raise


def _copy_content(reading: int, writing: int, size: int) -> None:
    """Copy what lies between the holes of a file, see SEEK_DATA in lseek(2)."""
    os.ftruncate(writing, size)
    end = 0
    while end < size:
        try:
            start = os.lseek(reading, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # there is no more content
                return
            raise
        end = os.lseek(reading, start, os.SEEK_HOLE)
        os.lseek(writing, start, os.SEEK_SET)
        _send(reading, writing, start, end)


def _send(reading: int, writing: int, start: int, end: int) -> None:
    while start < end:
        sent = os.sendfile(writing, reading, start, end - start)
        if sent == 0:
            raise OSError(errno.EIO, "the file became shorter while it was copied")
        start += sent


def _not_copied(source: Path, target: Path, tried: list[str]) -> CacheError:
    return CacheError(
        "the data directory could not be copied",
        where=f"{source} to {target}",
        tried=tried,
        remedies=limits_met("\n".join(tried))
        or ["make room there: it takes about 40 MB", f"remove {source.parent} to start afresh"],
    )


def finish(source: Path, target: Path) -> None:
    """Copy the data directory of a stopped server to where the copy becomes a template or a seed."""
    # Without auto.cnf each copy makes its own server_uuid at the first start.
    (source / "auto.cnf").unlink(missing_ok=True)
    # mysqld writes mostly zeros. As holes they cost a copy nothing. The thirty spare redo files cost nothing either,
    # and a boot without them would make them again.
    _copy_with_holes(source, target)
    manifest.write(target)


def _copy_with_holes(source: Path, target: Path) -> None:
    # Also where PATH has no folder with it.
    cp = shutil.which("cp", path=f"{os.environ.get('PATH', os.defpath)}:{os.defpath}") or "cp"
    command = [cp, "-a", "--sparse=always", str(source), str(target)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_COPY_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise CacheError(
            f"the data directory was not copied within {_COPY_TIMEOUT:g} seconds", where=f"{source} to {target}"
        ) from error
    if result.returncode != 0:
        said = [*result.stderr.strip().splitlines()[-3:], f"cp: {how_it_ended(result.returncode)}"]
        raise _not_copied(source, target, said)
