"""Damaged facts, damaged servers while others fetch, and a umask that lets everybody write."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.cache import cached, locking
from pytest_netns_mysql.mysql.fetch.fetch import fetch
from pytest_netns_mysql.mysql.reset import freshstate
from tests.stress.together.caches import AREA, ROOT, fake_server, new_cache, seeded, server_here
from tests.support.processes import wait_for
from tests.support.stress import IS_LONG, check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


def run(cache: Path, folder: Path, *, umask: int = 0o022) -> str:
    """Run tests that look for what others left on their server, and return the output if they fail."""
    (folder / "test_inner.py").write_text(source("own_servers/own"))
    process = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"),
            *(f"--netns-cache={cache}", f"--netns-mysqld={server_here().mysqld}", "test_inner.py"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        umask=umask,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "STRESS_TOKEN": f"run{os.getpid()}",
        },
    )
    said = process.stdout + process.stderr
    return "" if process.returncode == 0 and "3 passed" in said else said


KINDS = ("another's", "cut", "changed", "empty", "zeros", "no text")


def damage(file: Path, kind: str, chance: random.Random) -> str:
    """Damage a file as a broken disk or an editor may; return how."""
    content = file.read_bytes()
    at = chance.randrange(len(content))
    damaged = {
        "cut": content[:at],
        "changed": content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
        "empty": b"",
        "zeros": bytes(len(content)),
        "another's": content.replace(b"root", b"toor"),
        "no text": b"\xff\xfe" + content,
    }
    file.write_bytes(damaged[kind])
    return f"{file.name} {kind} at {at}"


def writable(cache: Path) -> list[object]:
    """Return what users other than the owner can write to in a cache, if they can search the cache itself."""
    cache.chmod(0o755)
    found = [path for path in (cache, *cache.rglob("*")) if not path.is_symlink()]
    assert len(found) > 50
    closed = [path for path in found if path.is_dir() and not path.stat().st_mode & 0o011]
    reached = [path for path in found if not any(path.is_relative_to(folder) for folder in closed)]
    return [f"{path} has the mode {mode:o}" for path in reached if (mode := path.stat().st_mode) & 0o022]


def test_damaged_facts_about_fresh_servers_are_read_again(tmp_path: Path) -> None:
    """Half of them, or another server's, would have the server put back to what it never was.

    The cache is first used with a umask of 0, as in some CI.
    """
    chance, seed = seeded("facts")
    cache = tmp_path / "cache"
    if not IS_LONG:  # 5 s
        new_cache(cache, server_here())
    faults: list[object] = [fault for fault in [run(cache, tmp_path, umask=0)] if fault]
    faults += writable(cache)
    check(AREA, "what a run makes in the cache with a umask of 0 only its user can write to", 1, faults)
    (file,) = (cache / "states").iterdir()
    rounds = scaled(1, 20)
    for number in range(rounds):
        where = f"{seed}, round {number}: {damage(file, KINDS[number % len(KINDS)], chance)}"
        if fault := run(cache, tmp_path):
            faults.append(f"{where}\n{fault[-2000:]}")
        digest, _, text = file.read_text().partition("\n")
        if digest != freshstate._digest(text):
            faults.append(f"{where}: it was not written again")
    check(AREA, "damaged facts about fresh servers are read from a server again", rounds, faults)


def test_a_damaged_server_is_dropped_only_by_who_fetches(tmp_path: Path) -> None:
    """Another process may be putting it right: dropped by who waits, the new server would be gone as well."""
    cache = new_cache(tmp_path / "cache")
    server = fake_server(cache)
    assert cached.fetched(cache, "mysql") is not None
    library = server / "lib" / "libx.so"
    library.touch()
    program = server / "bin" / "mysqld"
    program.rename(program.with_name("away"))
    record = (server / cached.RECORD).read_text()
    assert cached.fetched(cache, "mysql") is None
    lines: list[str] = []
    found: list[Path] = []
    faults: list[object] = []
    with locking.locked(cache / "servers" / ".lock", "fetching", timeout=60, progress=print):
        waiting = threading.Thread(target=lambda: found.append(fetch(cache, progress=lines.append)))
        waiting.start()
        wait_for(lambda: lines, "a line about the wait")
        if not (server / cached.RECORD).exists():
            faults.append(f"the record was removed while another process fetched: {lines}")
        shutil.rmtree(server)
        assert fake_server(cache) == server
        assert (server / cached.RECORD).read_text() == record
    waiting.join()
    if found != [program] or any("damaged" in line for line in lines):
        faults.append(f"{found}, {lines}")
    check(AREA, "a damaged server is dropped only by the process that fetches", 1, faults)
