"""Copies of data directories: a template or a seed for each server, and a snapshot."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import manifest
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld.failure import limits_met

_COPY_TIMEOUT = 120.0  # seconds


def copy(source: Path, target: Path) -> None:
    """Copy a template; holes in its files stay holes, so that 65 MB cost what their 30 MB of content cost."""
    _cp(source, target, "--reflink=auto")


def _cp(source: Path, target: Path, how: str) -> None:
    command = ["cp", "-a", how, str(source), str(target)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_COPY_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise CacheError(
            f"the data directory was not copied within {_COPY_TIMEOUT:g} seconds", where=f"{source} to {target}"
        ) from error
    if result.returncode != 0:
        said = [*result.stderr.strip().splitlines()[-3:], f"cp: {how_it_ended(result.returncode)}"]
        raise CacheError(
            "the data directory could not be copied",
            where=f"{source} to {target}",
            tried=said,
            remedies=limits_met("\n".join(said))
            or ["make room there: it takes about 40 MB", f"remove {source.parent} to start afresh"],
        )


def finish(source: Path, target: Path) -> None:
    """Copy a data directory that no server is on to where it is a template."""
    # Each copy is a server of its own, and makes its own server_uuid.
    (source / "auto.cnf").unlink(missing_ok=True)
    # Most of what mysqld writes is zeros: as holes they cost a copy nothing. So do the thirty redo files in reserve,
    # which a boot without them would make anew.
    _cp(source, target, "--sparse=always")
    manifest.write(target)
