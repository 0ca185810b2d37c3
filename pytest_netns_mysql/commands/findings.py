"""The prerequisites of netns tests, and of a server outside of pytest, as `netns-mysql doctor` finds them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import ContainerError, NetnsError
from pytest_netns_mysql.kernel.finding import Finding
from pytest_netns_mysql.kernel.probe import kernel_findings
from pytest_netns_mysql.mysql.cache import noexec
from pytest_netns_mysql.mysql.servernames import IMAGE, MARIADB
from pytest_netns_mysql.run.serverkinds import ServerKinds
from pytest_netns_mysql.topology.file.load import load_all

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

_SPACE = 1 << 30  # bytes, enough for the packages of a server, the server and a data directory


def of_tests(settings: table.Settings) -> list[Finding]:
    """Return what was found of each prerequisite of netns tests."""
    return [*kernel_findings(load_all(settings.topology), settings.mode), *_mysql_findings(settings)]


def of_own_server(settings: table.Settings) -> list[Finding]:
    """Return what was found of each prerequisite of a server outside of pytest."""
    from pytest_netns_mysql.commands.prerequisites import own_server_findings

    return [*own_server_findings(_found(settings), settings.cache)]


def _found(settings: table.Settings) -> Distribution | None:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

    kinds = ServerKinds(settings, lambda _: None)
    known = (kinds.if_known(choice) for choice in kinds.names)
    return next((kind for kind in known if isinstance(kind, Distribution)), None)


def _mysql_findings(settings: table.Settings) -> Iterator[Finding]:
    kinds = ServerKinds(settings, lambda _: None)
    for choice in kinds.names:
        yield _server_finding(choice, kinds, settings)
    yield _cache_finding(settings.cache)


def _server_finding(choice: str, kinds: ServerKinds, settings: table.Settings) -> Finding:
    try:
        found = kinds.find(choice) if settings.fetch == "never" else kinds.known(choice)
    except NetnsError as error:
        return Finding("mysqld", "missing", error.what, error.remedies)
    if found is not None:
        return Finding("mysqld", "ok", f"{found.name}, {found.version_line}")
    if choice.startswith(IMAGE):
        return Finding("mysqld", "note", f"{choice} is not on this machine yet; the first run pulls the image")
    if choice == "auto" and not shutil.which("apt-get") and _engine_answers():
        return Finding(
            "mysqld",
            "note",
            "there is no MySQL on this machine, and no apt-get to fetch one; the first run pulls docker://mysql:8.4",
        )
    product = MARIADB if choice == MARIADB else "mysql"
    if noexec.is_noexec(settings.cache):
        return Finding(
            "mysqld",
            "missing",
            f"there is no {product} on this machine outside of the cache, and {noexec.FAULT}",
            noexec.remedies(settings.cache),
        )
    if shutil.which("apt-get"):
        return Finding(
            "mysqld",
            "note",
            f"there is no {product} on this machine yet; the first run fetches it",
            (f"netns-mysql fetch {product}, to fetch it now",),
        )
    return Finding(
        "mysqld",
        "missing",
        f"there is no {product} on this machine, and no apt-get to fetch one",
        ("install MySQL 8.0.22 or newer, or set netns_mysqld = /path/to/mysqld",),
    )


def _engine_answers() -> bool:
    from pytest_netns_mysql.mysql.containers.engine import Engine

    try:
        Engine("netns-mysql doctor").client.close()
    except ContainerError:
        return False
    return True


def _cache_finding(cache: Path) -> Finding:
    existing = next(folder for folder in (cache, *cache.parents) if os.path.exists(folder))  # noqa: PTH110
    free = shutil.disk_usage(existing).free
    detail = f"{cache}, {free >> 20} MiB free"
    try:
        with tempfile.TemporaryDirectory(dir=existing):
            pass
    except OSError:
        return Finding(
            "cache", "missing", f"{detail}: cannot be written", ("set NETNS_CACHE to a folder that you can write",)
        )
    if noexec.is_noexec(cache):
        return Finding("cache", "note", f"{detail}: {noexec.FAULT}", noexec.remedies(cache))
    if free < _SPACE:
        return Finding(
            "cache", "note", detail, (f"free {_SPACE >> 20} MiB, so that a server can be fetched, or set NETNS_CACHE",)
        )
    return Finding("cache", "ok", detail)
