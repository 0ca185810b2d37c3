"""Processes that are killed while they write to the cache: nothing half written is used, and what they left goes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.cache import cached, contents, draftfile
from tests.stress.together.caches import AREA, fake_server, netns_mysql, new_cache, refuse_flock, seeded, start
from tests.support.processes import wait_for
from tests.support.stress import check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


def kill_at(step: int, do: Callable[[], object]) -> bool:
    """Do something in a child that is killed at its n-th call or return of a function; return False if it ended."""
    child = os.fork()
    if child == 0:
        steps = iter(range(step))
        sys.setprofile(lambda *_: None if next(steps, None) is not None else os.kill(os.getpid(), signal.SIGKILL))
        do()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_killed_writer_leaves_a_whole_file_and_its_draft_is_removed(tmp_path: Path) -> None:
    """By the next process that writes the file, or by `netns-mysql cache clear`; what a process writes now is kept."""
    cache = new_cache(tmp_path / "cache")
    (cache / "states").mkdir(mode=0o700)
    faults = []
    steps = 0
    texts = ("old" * 5000, "new" * 5000)
    places = (cache / "identified.json", cache / "states" / "mysql-9.7.4-bbbb-dddd.json")
    for file in places:
        step = 0
        is_going = True
        while is_going:
            file.write_text(texts[0])
            is_going = kill_at(step, lambda file=file: draftfile.replace_file(file, texts[1]))  # type: ignore[misc]
            where = f"{file.name}, killed at step {step}"
            if file.read_text() not in texts:
                faults.append(f"{where}: half of it")
            left = {path.name for path in file.parent.iterdir() if path.name != file.name and path.is_file()}
            shown = {entry.name for entry in contents.entries(cache)}
            if not left <= shown:
                faults.append(f"{where}: not listed: {left - shown}")
            if step % 2:
                for entry in contents.entries(cache):
                    reason = contents.remove(entry, lambda *_: None) if entry.name != file.name else None
                    faults += [f"{where}: {entry.name} is kept: {reason}"] * (reason is not None)
            else:
                written, descriptor = draftfile._new_draft(file)
                draftfile.replace_file(file, texts[0])
                faults += [f"{where}: the draft of a running process was removed"] * (not written.exists())
                written.unlink()
                os.close(descriptor)
            left = {path.name for path in file.parent.iterdir() if path.name != file.name and path.is_file()}
            if left:
                faults.append(f"{where}: left {left}")
            step += scaled(3, 1)
        steps += step // scaled(3, 1)
    claim = "a killed writer leaves a whole file in the cache, and the next one removes its draft"
    check(AREA, claim, steps, faults)


def test_without_locks_old_drafts_alone_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    old, new = (tmp_path / f"file.{digit * 16}" for digit in "0f")
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200, time.time() - 7200))

    def write() -> None:
        refuse_flock(38)  # ENOSYS
        draftfile.replace_file(file, "text")

    child = os.fork()
    if child == 0:
        write()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", new.name]
    assert file.read_text() == "text"


FETCH = """
import sys
from pathlib import Path
from pytest_netns_mysql.mysql.fetch.fetch import fetch
print(fetch(Path(sys.argv[1]), progress=lambda line: print(line, flush=True), product="router"))
"""
STAGES = ("reading the machine's", "reading the package lists", "fetching MySQL Router", "unpacking", "making the")


def fetch_and_kill(cache: Path, stage: str, delay: float) -> None:
    """Start to fetch MySQL Router, the smallest product, and kill the process some time after it says a line."""
    process = start(FETCH, cache)
    assert process.stdout is not None
    for line in process.stdout:
        if stage in line:
            break
    time.sleep(delay)
    process.kill()
    process.communicate()


def programs_on(cache: Path) -> list[str]:
    """Return the command lines of programs that work in a cache, such as those of apt."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(cache) in line:
            found.append(line)
    return found


def half_written(cache: Path) -> list[str]:
    """Return what is wrong with what a run finds in the cache now; finding nothing is right."""
    found = cached.fetched(cache, "router")
    if found is None:
        return []
    answer = subprocess.run([str(found.program), "--version"], capture_output=True, text=True)
    return [] if answer.returncode == 0 and "Ver 9" in answer.stdout else [f"{found.program}: {answer}"]


def left_in(cache: Path) -> set[str]:
    return {path.name for path in (cache / "servers").iterdir() if path.name != ".lock"}


@pytest.mark.skipif(
    not any(Path(folder, "apt-get").exists() for folder in os.environ["PATH"].split(":")) and "CI" not in os.environ,
    reason="fetching is for machines with apt",
)
def test_a_killed_fetch_leaves_nothing_that_is_used(tmp_path: Path) -> None:
    """And a run beside the next fetch finds nothing, or all of it."""
    chance, seed = seeded("fetches")
    cache = tmp_path / "cache"
    faults: list[str] = []
    rounds = scaled(1, 5)
    for number in range(rounds):
        stage, delay = stage_of(number, chance)
        where = f"{seed}, round {number}, {delay:.3f} s after {stage!r}"
        fetch_and_kill(cache, stage, delay)
        wait_for(lambda: not programs_on(cache), "the end of a killed fetch's programs")
        faults += [f"{where}: {fault}" for fault in half_written(cache)]
        shown = netns_mysql("cache", "--cache", cache).stdout
        faults += [f"{where}: {name} is not listed" for name in left_in(cache) if name not in shown]
    fake_server(cache, name="mysql-9.9.9-aaaaaaaa.removed")  # by `netns-mysql cache clear`, which was killed
    process = start(FETCH, cache)
    while process.poll() is None:
        faults += [f"{seed}, beside a fetch: {fault}" for fault in half_written(cache)]
        time.sleep(0.05)
    output = process.communicate()[0]
    found = cached.fetched(cache, "router")
    if found is None or left_in(cache) != {found.folder.name}:
        faults.append(f"{seed}: left {left_in(cache)}\n{output}")
    check(AREA, "fetches that are killed leave nothing that is used", rounds, faults)


def stage_of(number: int, chance: random.Random) -> tuple[str, float]:
    """Return at which line and how many seconds later a fetch is killed; the first round is in the download."""
    return (STAGES[2], 0.2 * chance.random()) if number == 0 else (STAGES[number % 5], chance.random())
