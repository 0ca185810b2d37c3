"""What `netns-mysql doctor` tells: what netns tests need, and what a server of one's own needs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import ContainerError, NetnsError, printable
from pytest_netns_mysql.kernel.probe import Finding, kernel_findings
from pytest_netns_mysql.run.serverkinds import ServerKinds
from pytest_netns_mysql.topology.file.load import load_all

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

_OURSELVES = "netns-mysql doctor"
_SPACE = 1 << 30  # bytes that a fetch, its packages and a template take at most


def report(settings: table.Settings) -> int:
    """Print each finding with its cure; return 1 where netns tests cannot run, else 0."""
    from pytest_netns_mysql.commands.prerequisites import own_server_findings

    findings = [*kernel_findings(load_all(settings.topology), settings.mode), *_mysql_findings(settings)]
    printer = _Printer()
    printer.show(findings)
    missing = [finding.name for finding in findings if finding.state == "missing"]
    print(f"netns tests cannot run here: {', '.join(missing)}" if missing else "netns tests can run here")
    print('\nfor a server of your own, outside of pytest (the manual, "Host System Prerequisites"):')
    printer.show(own_server_findings(_found(settings), settings.cache))
    return 1 if missing else 0


class _Printer:
    """What prints findings, and each remedy once: several findings often have one cause."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def show(self, findings: Iterable[Finding]) -> None:
        """Print findings, one a line, each with those of its remedies that were not printed before."""
        for finding in findings:
            print(f"{finding.state:8} {finding.name:10} {printable(finding.detail)}")
            for remedy in finding.remedies:
                if remedy not in self._shown and _OURSELVES not in remedy:
                    self._shown.add(remedy)
                    print(f"{'':8} {'':10} do: {printable(remedy)}")


def _found(settings: table.Settings) -> Distribution | None:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

    kinds = ServerKinds(settings, lambda _: None)
    known = (kinds.if_known(choice) for choice in kinds.choices)
    return next((kind for kind in known if isinstance(kind, Distribution)), None)


def _mysql_findings(settings: table.Settings) -> Iterator[Finding]:
    kinds = ServerKinds(settings, lambda _: None)
    for choice in kinds.choices:
        yield _server_finding(choice, kinds, never=settings.fetch == "never")
    yield _cache_finding(settings.cache)


def _server_finding(choice: str, kinds: ServerKinds, *, never: bool) -> Finding:
    try:
        found = kinds.find(choice) if never else kinds.known(choice)
    except NetnsError as error:
        return Finding("mysqld", "missing", error.what, error.remedies)
    if found is not None:
        return Finding("mysqld", "ok", f"{found.name}, {found.version_line}")
    if choice.startswith("docker://"):
        return Finding("mysqld", "note", f"{choice} is not here yet; the first run pulls it")
    if choice == "auto" and not shutil.which("apt-get") and _engine_answers():
        return Finding(
            "mysqld",
            "note",
            "no mysql is here, and no apt-get to fetch one with; the first run pulls docker://mysql:8.4",
        )
    product = "mariadb" if choice == "mariadb" else "mysql"
    if shutil.which("apt-get"):
        return Finding(
            "mysqld",
            "note",
            f"no {product} is here yet; the first run fetches one",
            (f"netns-mysql fetch {product}, to have it before",),
        )
    return Finding(
        "mysqld",
        "missing",
        f"no {product} is here, and there is no apt-get to fetch one with",
        ("install MySQL 8.0.22 or newer, or name one: netns_mysqld = /path/to/mysqld",),
    )


def _engine_answers() -> bool:
    from pytest_netns_mysql.mysql.containers.engine import Engine

    try:
        Engine("netns-mysql doctor").client.close()
    except ContainerError:
        return False
    return True


def _cache_finding(cache: Path) -> Finding:
    there = next(folder for folder in (cache, *cache.parents) if os.path.exists(folder))  # noqa: PTH110
    free = shutil.disk_usage(there).free
    detail = f"{cache}, {free >> 20} MiB free"
    try:
        with tempfile.TemporaryDirectory(dir=there):
            pass
    except OSError:
        return Finding("cache", "missing", f"{detail}: it cannot be written", ("set NETNS_CACHE to a folder of yours",))
    if free < _SPACE:
        return Finding("cache", "note", detail, (f"have {_SPACE >> 20} MiB free for a fetch, or set NETNS_CACHE",))
    return Finding("cache", "ok", detail)
