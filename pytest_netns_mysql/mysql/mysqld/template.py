"""Templates of data directories: made once for each server build and its options, and copied for each server."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import manifest, trust
from pytest_netns_mysql.mysql.cache.draftfile import remove_tree
from pytest_netns_mysql.mysql.cache.locking import locked
from pytest_netns_mysql.mysql.dialects.options import OptionValue, arguments
from pytest_netns_mysql.mysql.mysqld.copying import finish
from pytest_netns_mysql.mysql.mysqld.kind import label

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind, StartableKind

_FORMAT = "5"  # to be raised when templates are made differently
_LOCK_TIMEOUT = 300.0  # seconds; another process may be making the same template
_MAKING = 120.0  # seconds at least, for each start of the server; a busy machine needs twenty


def template(
    kind: Kind,
    options: Mapping[str, OptionValue],
    *,
    cache: Path,
    progress: Callable[[str], None],
    timeout: float = 0.0,
) -> Path:
    """Return a data directory to copy, and make it now if there is none yet for this server and these options.

    All workers and runs of this user share it. See the manual, "Initializing the Data Directory".

    Args:
        kind: The kind of server.
        options: The options that decide what a data directory is like.
        cache: The user's cache folder.
        progress: Takes a line of text.
        timeout: Seconds for each start of the server; never less than two minutes.

    Raises:
        ServerStartError: The server's program failed.
        CacheError: The cache cannot be written.
    """
    folder = cache / "templates" / key(kind, options)
    trust.check(folder)
    fault = manifest.fault(folder)
    if fault is None:
        return folder
    try:
        trust.make(folder.parent)
        with lock(folder, progress):
            fault = manifest.fault(folder)
            if fault is not None:
                is_damaged = folder.exists()
                if is_damaged:
                    progress(f"the data directory {folder} in the cache is damaged ({fault}): it is made again")
                    discard(folder)
                progress(f"making a data directory for {label(kind)} ({'again' if is_damaged else 'once'}, 3 to 10 s)")
                _make(kind, options, folder, progress, max(timeout, _MAKING))
    except OSError as error:
        raise CacheError(
            f"cannot make a data directory in the cache: {error.strerror or error}",
            where=str(folder.parent),
            tried=[f"{folder}: {fault}"] if folder.exists() else (),
            remedies=["set netns_cache (or NETNS_CACHE) to a folder that you can write, with 300 MB free"],
        ) from error
    return folder


def made(kind: Kind, options: Mapping[str, OptionValue], *, cache: Path) -> Path | None:
    """Return what ``template`` returns, or None if the template must still be made."""
    if kind.startable is None:
        return None
    folder = cache / "templates" / key(kind, options)
    trust.check(folder)
    return folder if manifest.fault(folder) is None else None


def lock(folder: Path, progress: Callable[[str], None]) -> AbstractContextManager[None]:
    """Return a context manager that holds the lock on a template; it raises CacheError, and OSError, as ``locked``."""
    lock_file = folder.with_name(f"{folder.name}.lock")
    return locked(lock_file, "making this data directory", timeout=_LOCK_TIMEOUT, progress=progress)


def discard(folder: Path) -> None:
    """Remove a damaged template or seed, in one step, so that no process copies half of it.

    The calling process holds the lock on the template or seed.
    """
    away = folder.with_name(f"{folder.name}.unfinished")
    remove_tree(away)
    if folder.is_dir() and not folder.is_symlink():
        folder.chmod(0o700)
        folder.rename(away)
        for inside in away.rglob("*"):
            if inside.is_dir() and not inside.is_symlink():
                inside.chmod(0o700)
        shutil.rmtree(away, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def key(kind: Kind, options: Mapping[str, OptionValue]) -> str:
    """Return the name of the template for a server and options."""
    parts = [_FORMAT, *_startable(kind).identity(), *arguments(options)]
    return f"{label(kind)}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def _startable(kind: Kind) -> StartableKind:
    if kind.startable is None:
        raise AssertionError(f"{kind.name} is run by others, who made its data directory")
    return kind.startable


def _make(
    kind: Kind,
    options: Mapping[str, OptionValue],
    folder: Path,
    progress: Callable[[str], None],
    timeout: float,
) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    sparse = folder.with_name(f"{folder.name}.sparse")
    for left in (unfinished, sparse):
        remove_tree(left)
    try:
        _startable(kind).initialize(options, unfinished, progress, timeout)
        finish(unfinished, sparse)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    sparse.rename(folder)
