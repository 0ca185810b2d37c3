"""Data directories: a template made once per server build, and a copy of it for each server."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_netns_mysql.errors import CacheError, ServerStartError
from pytest_netns_mysql.kernel import launch
from pytest_netns_mysql.mysql.distribution import Distribution
from pytest_netns_mysql.mysql.errorlog import ErrorLog
from pytest_netns_mysql.mysql.options import OptionValue, arguments

_FORMAT = "3"  # raised when templates are made in another way
_LOCK_TIMEOUT = 300.0  # seconds; another process may be making the same template


def template(
    distribution: Distribution,
    options: Mapping[str, OptionValue],
    *,
    cache: Path,
    progress: Callable[[str], None],
) -> Path:
    """Return a data directory to copy, made now where none was made for this server and these options.

    It is shared by all workers and runs of this user. Raises ServerStartError where ``--initialize`` fails,
    CacheError where the cache cannot be written; see the manual, "Initializing the Data Directory".
    """
    folder = cache / "templates" / _key(distribution, options)
    if folder.is_dir():
        return folder
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock", timeout=_LOCK_TIMEOUT):
            if not folder.is_dir():
                version = ".".join(map(str, distribution.version))
                progress(f"making a data directory for MySQL {version} (once, 3 to 10 s)")
                _make(distribution, options, folder)
    except OSError as error:
        raise CacheError(
            f"no data directory can be made in the cache: {error.strerror or error}",
            where=str(folder.parent),
            remedies=["set netns_cache (or NETNS_CACHE) to a folder of yours with 300 MB free"],
        ) from error
    return folder


def copy(source: Path, target: Path) -> None:
    """Copy a template; holes in its files stay holes, so that 65 MB cost what their 30 MB of content cost."""
    _cp(source, target, "--reflink=auto")


def _cp(source: Path, target: Path, how: str) -> None:
    result = subprocess.run(["cp", "-a", how, str(source), str(target)], capture_output=True, text=True)
    if result.returncode != 0:
        raise CacheError(
            "the data directory could not be copied",
            where=f"{source} to {target}",
            tried=result.stderr.strip().splitlines()[-3:],
            remedies=["make room there: it takes about 40 MB", f"remove {source.parent} to start afresh"],
        )


def _key(distribution: Distribution, options: Mapping[str, OptionValue]) -> str:
    status = distribution.mysqld.stat()
    parts = [
        _FORMAT,
        str(distribution.mysqld.resolve()),
        distribution.version_line,
        str(status.st_size),
        str(status.st_mtime_ns),
        *arguments(options),
    ]
    version = ".".join(map(str, distribution.version))
    return f"{distribution.flavor}-{version}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def _make(distribution: Distribution, options: Mapping[str, OptionValue], folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    log = folder.with_name(f"{folder.name}.err")
    log.unlink(missing_ok=True)
    command = [
        str(distribution.mysqld),
        "--no-defaults",
        "--initialize-insecure",
        f"--datadir={unfinished}",
        f"--log-error={log}",
        *(["--user=root"] if os.geteuid() == 0 else []),
        *arguments(options),
    ]
    result = subprocess.run(launch.command(command), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said = ErrorLog(log.read_text("utf-8", "replace") if log.exists() else result.stderr)
    log.unlink(missing_ok=True)
    if result.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ServerStartError(
            f"mysqld could not make a data directory: it ended with exit code {result.returncode}",
            command=command,
            log=said.text,
            codes=said.codes,
            messages=said.messages,
            where=str(distribution.mysqld),
            tried=said.telling_lines,
            remedies=["read the lines above; the folder needs about 100 MB", f"remove {folder.parent} to start afresh"],
        )
    sparse = folder.with_name(f"{folder.name}.sparse")
    shutil.rmtree(sparse, ignore_errors=True)
    finish(unfinished, sparse)
    shutil.rmtree(unfinished)
    sparse.rename(folder)


def finish(source: Path, target: Path) -> None:
    """Copy a data directory that no server is on to where it is a template."""
    # Each copy is a server of its own, and makes its own server_uuid.
    (source / "auto.cnf").unlink(missing_ok=True)
    for spare in source.glob("#innodb_redo/*_tmp"):
        spare.unlink()  # redo files in reserve, which InnoDB makes anew
    # Most of what mysqld writes is zeros: as holes they cost a copy nothing.
    _cp(source, target, "--sparse=always")
