"""Several runs at once on one cache: of one project and of others, of two versions of the plugin, of two machines."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.cache import contents
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.mysqld import template
from tests.stress.together.caches import AREA, MAKE, ROOT, netns_mysql, new_cache, seeded, server_here, start
from tests.support.processes import PATIENCE
from tests.support.stress import IS_LONG, check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

_PLUGINS = ("asyncio", "anyio", "html", "metadata", "hypothesispytest", "randomly")
_FORMATS = {"mysql/mysqld/template.py": "5", "mysql/seed/seed.py": "5", "mysql/reset/freshstate.py": "3"}
_MACHINE = ("unshare", "--user", "--map-root-user", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as another version had it: what it keeps in the cache has other formats."""
    folder = tmp_path_factory.mktemp("older")
    shutil.copytree(ROOT / "pytest_netns_mysql", folder / "pytest_netns_mysql", ignore=shutil.ignore_patterns("*.pyc"))
    formats = {name: number for name, number in _FORMATS.items() if IS_LONG or "template" not in name}  # 3 s
    for name, number in formats.items():
        file = folder / "pytest_netns_mysql" / name
        text = file.read_text()
        assert f'_FORMAT = "{number}"' in text, f"{name} has another format by now"
        file.write_text(text.replace(f'_FORMAT = "{number}"', f'_FORMAT = "{int(number) - 1}"', 1))
    return folder


class Runs:
    """Runs of one inner suite, all on one cache, each in one of the ways of ``WAYS``."""

    def __init__(self, base: Path, cache: Path, older: Path) -> None:
        self.base = base
        self.cache = cache
        self._older = older
        self._mysqld = str(server_here().mysqld)
        self._running: list[tuple[str, subprocess.Popen[str]]] = []
        self._shared = self._project("shared")

    def _project(self, name: str) -> Path:
        folder = self.base / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test_inner.py").write_text(source("own_servers/own"))
        return folder

    def start(self, way: str) -> None:
        """Start a run. In the ways ``same folder`` and ``workers`` runs share a folder, and pytest's cache in it."""
        number = len(self._running)
        folder = self._shared if way in ("same folder", "workers") else self._project(f"other{number}")
        arguments = [f"--netns-cache={self.cache}", f"--netns-mysqld={self._mysqld}", *(f"-pno:{p}" for p in _PLUGINS)]
        arguments += [f"--netns-start-timeout={5 * PATIENCE:g}"]  # six servers boot at once
        arguments += ["-n", "2"] if way == "workers" else []
        arguments += ["--netns-topology=dual-stack"] if way == "another topology" else []
        paths = [*([self._older] if way == "older version" else []), ROOT, *filter(None, sys.path)]
        process = subprocess.Popen(
            [*(_MACHINE if way == "another machine" else ()), sys.executable, "-m", "pytest", "-q", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
                "PYTHONDONTWRITEBYTECODE": "1",
                "STRESS_TOKEN": f"run{os.getpid()}_{number}",
            },
        )
        self._running.append((way, process))

    def are_going(self) -> bool:
        """Return True while a run has not ended."""
        return any(process.poll() is None for _, process in self._running)

    def faults(self) -> list[str]:
        """Return the ways and outputs of the runs that failed; wait for all of them, which may take ``PATIENCE``."""
        found = []
        for way, process in self._running:
            try:
                output, _ = process.communicate(timeout=5 * PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
                output += "\nthe run did not end"
            if process.returncode != 0 or "3 passed" not in output:
                found.append(f"{way}: exit code {process.returncode}\n{output[-3000:]}")
        return found


WAYS = ("same folder", "older version", "workers", "another topology", "another machine")


def damage(cache: Path, chance: random.Random) -> str:
    """Damage a file of the template in a way that only a start of the server notices; return which."""
    (folder,) = (path for path in (cache / "templates").iterdir() if path.is_dir())
    file = folder / chance.choice(["ibdata1", "mysql.ibd"])
    before = file.stat()
    with file.open("r+b") as opened:
        opened.write(b"\xff" * 65536)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return f"{file.name} damaged"


def test_runs_at_once_each_have_their_own_server(tmp_path: Path, older: Path) -> None:
    """On a cache whose facts about fresh servers are written by whoever comes first, and whose template is damaged."""
    chance, seed = seeded("runs")
    server = server_here()
    faults = []
    count = 0
    for number in range(scaled(1, 6)):
        folder = tmp_path / str(number)
        runs = Runs(folder, new_cache(folder / "cache", server), older)
        state = damage(runs.cache, chance) if number % 2 else "whole"
        ways = ["same folder", *(chance.choices(WAYS, k=5) if IS_LONG else ["same folder", "older version"])]
        for way in ways:
            runs.start(way)
        count += len(ways)
        faults += [f"{seed}, round {number}, {state}, {fault}" for fault in runs.faults()]
    check(AREA, "runs at once on one cache, of two versions and two machines: each has its own server", count, faults)


def test_a_killed_maker_and_a_cleared_cache_leave_the_work_to_the_next(tmp_path: Path, older: Path) -> None:
    """A data directory that is gone when a server is to begin with it is made again."""
    chance, seed = seeded("makers")
    server = server_here()
    faults = []
    rounds = scaled(1, 15)
    cache = new_cache(tmp_path / "cache")
    for number in range(rounds):
        for entry in contents.entries(cache):
            assert contents.remove(entry, lambda *_: None) is None
        patience = chance.uniform(0.2, scaled(2, 5))
        where = f"{seed}, round {number}, killed after {patience:.3f} s"
        first = start(MAKE, cache, server.mysqld)
        try:
            first.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            first.kill()
            first.communicate()
        runs = Runs(tmp_path / str(number), cache, older)
        runs.start("same folder")
        maker = start(MAKE, cache, server.mysqld)
        while runs.are_going() and maker.poll() is None:
            cleared = netns_mysql("cache", "clear", "templates", "states", "--cache", cache)
            if "Traceback" in cleared.stderr:
                faults.append(f"{where}: {cleared.stderr}")
            if not IS_LONG:
                break
        output, _ = maker.communicate(timeout=5 * PATIENCE)
        faults += [f"{where}, {fault}" for fault in runs.faults()]
        if maker.returncode != 0:
            faults.append(f"{where}: {output}")
        folder = template.made(server, initial({}), cache=cache)
        left = [entry.name for entry in contents.entries(cache) if entry.kind == "templates" and entry.path != folder]
        if left:
            faults.append(f"{where}: left {left}")
    claim = "data directories that were cleared, or whose maker was killed, are made again when they are needed"
    check(AREA, claim, rounds, faults)
