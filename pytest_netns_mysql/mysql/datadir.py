"""Data directories: a template made once per server build, and a copy of it for each server."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.failure import how_it_ended, limits_met
from pytest_netns_mysql.mysql.kind import label
from pytest_netns_mysql.mysql.options import OptionValue, arguments

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.failure import how_it_ended, limits_met
from pytest_netns_mysql.mysql.kind import Kind

_FORMAT = "4"  # raised when templates are made in another way
_LOCK_TIMEOUT = 300.0  # seconds; another process may be making the same template


def template(
    kind: Kind,
    options: Mapping[str, OptionValue],
    *,
    cache: Path,
    progress: Callable[[str], None],
) -> Path:
    """Return a data directory to copy, made now where none was made for this server and these options.

    It is shared by all workers and runs of this user. Raises ServerStartError where ``--initialize`` fails,
    CacheError where the cache cannot be written; see the manual, "Initializing the Data Directory".
    """
    folder = cache / "templates" / key(kind, options)
    if folder.is_dir():
        return folder
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock", timeout=_LOCK_TIMEOUT):
            if not folder.is_dir():
                progress(f"making a data directory for {label(kind)} (once, 3 to 10 s)")
                _make(kind, options, folder, progress)
    except OSError as error:
        raise CacheError(
            f"no data directory can be made in the cache: {error.strerror or error}",
            where=str(folder.parent),
            remedies=["set netns_cache (or NETNS_CACHE) to a folder of yours with 300 MB free"],
        ) from error
    return folder


def made(kind: Kind, options: Mapping[str, OptionValue], *, cache: Path) -> Path | None:
    """Return what ``template`` returns, or None where that is still to be made."""
    folder = cache / "templates" / key(kind, options)
    return folder if folder.is_dir() else None


def copy(source: Path, target: Path) -> None:
    """Copy a template; holes in its files stay holes, so that 65 MB cost what their 30 MB of content cost."""
    _cp(source, target, "--reflink=auto")


def _cp(source: Path, target: Path, how: str) -> None:
    command = ["cp", "-a", how, str(source), str(target)]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if result.returncode != 0:
        said = [*result.stderr.strip().splitlines()[-3:], f"cp: {how_it_ended(result.returncode)}"]
        raise CacheError(
            "the data directory could not be copied",
            where=f"{source} to {target}",
            tried=said,
            remedies=limits_met("\n".join(said))
            or ["make room there: it takes about 40 MB", f"remove {source.parent} to start afresh"],
        )


def key(kind: Kind, options: Mapping[str, OptionValue]) -> str:
    """Return what tells a template from those of other servers and options."""
    parts = [_FORMAT, *kind.identity(), *arguments(options)]
    return f"{label(kind)}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def _make(kind: Kind, options: Mapping[str, OptionValue], folder: Path, progress: Callable[[str], None]) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    sparse = folder.with_name(f"{folder.name}.sparse")
    for left in (unfinished, sparse):
        shutil.rmtree(left, ignore_errors=True)
    try:
        kind.initialize(options, unfinished, progress)
        finish(unfinished, sparse)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    sparse.rename(folder)


def finish(source: Path, target: Path) -> None:
    """Copy a data directory that no server is on to where it is a template."""
    # Each copy is a server of its own, and makes its own server_uuid.
    (source / "auto.cnf").unlink(missing_ok=True)
    # Most of what mysqld writes is zeros: as holes they cost a copy nothing. So do the thirty redo files in reserve,
    # which a boot without them would make anew.
    _cp(source, target, "--sparse=always")
