"""A cache on a file system that is mounted noexec: one clear error, also in doctor; and what is there stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.cache import cached
from tests.stress.together.caches import AREA, ROOT, fake_server, new_cache
from tests.support.stress import check
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

MACHINE = ROOT / "tests" / "stress" / "machines_without" / "machine.py"
FAULT = "the cache lies on a file system that is mounted noexec, where no program can be run"
CURE = "set netns_cache (or NETNS_CACHE=...) to a folder on a file system that is not mounted noexec"
NEVER = """
import sys
from pathlib import Path
from pytest_netns_mysql.mysql.choice import Finder
from pytest_netns_mysql.mysql.fetch.permission import Permission
Finder(Path(sys.argv[1]), print, Permission("never")).find("mariadb")
"""


def where_no_program_runs(cache: Path, folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python with a cache whose programs cannot be run, in a mount namespace of its own."""
    inside = ("unshare", "--user", "--map-root-user", "--mount", sys.executable, MACHINE, f"no-exec:{cache}", "--")
    return subprocess.run(
        [*inside, sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "NETNS_CACHE": str(cache),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


def test_a_noexec_cache_is_named_with_its_cure_and_nothing_is_fetched(tmp_path: Path) -> None:
    """Nor is a server there called damaged, since it runs when the cache is mounted otherwise."""
    cache = new_cache(tmp_path / "cache")
    server = fake_server(cache)
    assert cached.fetched(cache, "mysql") is not None
    (tmp_path / "test_inner.py").write_text(source("damaged_cache/single"))
    netns_mysql = ("-m", "pytest_netns_mysql.cli")
    run = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")
    tries: dict[str, tuple[str | Path, ...]] = {
        "a run": (*run, "--netns-mysqld=mariadb"),
        "fetch": (*netns_mysql, "fetch"),
        "a run that may not fetch": ("-c", NEVER, cache),
    }
    faults = []
    for name, command in tries.items():
        result = where_no_program_runs(cache, tmp_path, *command)
        said = result.stdout + result.stderr
        is_clear = FAULT in said and f"  do: {CURE}\n" in said and "mount -o remount,exec" in said
        if result.returncode == 0 or not is_clear or "INTERNALERROR" in said or "fetching" in said:
            faults.append(f"{name}: {said}")
    named = where_no_program_runs(cache, tmp_path, *run, f"--netns-mysqld={server}")
    if f"{server} lies on a file system that is mounted noexec" not in named.stdout + named.stderr:
        faults.append(f"named: {named.stdout}{named.stderr}")
    doctor = where_no_program_runs(cache, tmp_path, *netns_mysql, "doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(doctor.stdout)["tests"]}
    for name, state in (("mysqld", "missing"), ("cache", "note")):
        if found[name]["state"] != state or FAULT not in found[name]["found"] or CURE not in found[name]["remedies"]:
            faults.append(f"doctor: {found[name]}")
    if cached.fetched(cache, "mysql") is None:
        faults.append(f"the server is gone: {cached.looked_for(cache, 'mysql', 'server')}")
    check(AREA, "a cache whose programs cannot be run is named as such, with the cure", len(tries) + 3, faults)
