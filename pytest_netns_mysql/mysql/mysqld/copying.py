"""Copying data directories: from a template or a seed to a server, and into a snapshot."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache import manifest
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld.failure import limits_met

_COPY_TIMEOUT = 120.0  # seconds


def copy(source: Path, target: Path) -> None:
    """Copy a data directory; raise CacheError. Holes stay holes, so that 65 MB cost only their 30 MB of content."""
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
    """Copy the data directory of a stopped server to where the copy becomes a template or a seed."""
    # Without auto.cnf each copy makes its own server_uuid at the first start.
    (source / "auto.cnf").unlink(missing_ok=True)
    # mysqld writes mostly zeros. As holes they cost a copy nothing. The thirty spare redo files cost nothing either,
    # and a boot without them would make them again.
    _cp(source, target, "--sparse=always")
    manifest.write(target)
