"""Data directories: a template made once per server build, and a copy of it for each server."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_netns_mysql.errors import CacheError, ServerStartError
from pytest_netns_mysql.kernel import launch
from pytest_netns_mysql.mysql.distribution import Distribution
from pytest_netns_mysql.mysql.errorlog import ErrorLog
from pytest_netns_mysql.mysql.options import OptionValue, arguments, merge

_FORMAT = "4"  # raised when templates are made in another way
_END_TIMEOUT = 120.0  # seconds; a busy machine takes twenty
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
    folder = cache / "templates" / key(distribution, options)
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


def made(distribution: Distribution, options: Mapping[str, OptionValue], *, cache: Path) -> Path | None:
    """Return what ``template`` returns, or None where that is still to be made."""
    folder = cache / "templates" / key(distribution, options)
    return folder if folder.is_dir() else None


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


def key(distribution: Distribution, options: Mapping[str, OptionValue]) -> str:
    """Return what tells a template from those of other servers and options."""
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
    end = folder.with_name(f"{folder.name}.sql")
    try:
        _run(distribution, ["--initialize-insecure"], options, unfinished)
        # What --initialize leaves to the next boot, and to purge, is done here once, and not by each copy's first boot.
        end.write_text("SHUTDOWN;\n")
        private = [f"--init-file={end}", "--skip-networking", "--socket=first.sock", "--pid-file=first.pid"]
        _run(distribution, [*private, *arguments(merge()), "--innodb-fast-shutdown=0"], options, unfinished)
    except ServerStartError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finally:
        end.unlink(missing_ok=True)
    sparse = folder.with_name(f"{folder.name}.sparse")
    shutil.rmtree(sparse, ignore_errors=True)
    finish(unfinished, sparse)
    shutil.rmtree(unfinished)
    sparse.rename(folder)


def _run(distribution: Distribution, what: Sequence[str], options: Mapping[str, OptionValue], folder: Path) -> None:
    """Run mysqld on a data directory until it ends by itself; raise ServerStartError where it ends badly."""
    log = folder.with_suffix(".err")
    log.unlink(missing_ok=True)
    command = [
        str(distribution.mysqld),
        "--no-defaults",
        *what,
        f"--datadir={folder}",
        f"--log-error={log}",
        *(["--user=root"] if os.geteuid() == 0 else []),
        *arguments(options),
    ]
    try:
        result = subprocess.run(
            launch.command(command), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_END_TIMEOUT
        )
        end, code = result.stderr, result.returncode
    except subprocess.TimeoutExpired:
        end, code = f"it had not ended after {_END_TIMEOUT:g} seconds", -signal.SIGKILL
    said = ErrorLog(log.read_text("utf-8", "replace") if log.exists() else end)
    log.unlink(missing_ok=True)
    if code != 0:
        raise ServerStartError(
            f"mysqld could not make a data directory: it ended with exit code {code}",
            command=command,
            log=said.text,
            codes=said.codes,
            messages=said.messages,
            where=str(distribution.mysqld),
            tried=said.telling_lines,
            remedies=["read the lines above; the folder needs about 100 MB", f"remove {folder.parent} to start afresh"],
        )


def finish(source: Path, target: Path) -> None:
    """Copy a data directory that no server is on to where it is a template."""
    # Each copy is a server of its own, and makes its own server_uuid.
    (source / "auto.cnf").unlink(missing_ok=True)
    # Most of what mysqld writes is zeros: as holes they cost a copy nothing. So do the thirty redo files in reserve,
    # which a boot without them would make anew.
    _cp(source, target, "--sparse=always")
