"""SIGKILL in the middle of a test: a few seconds later nothing is left, but the cache."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import is_alive, wait_for, wait_for_file
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


def state_in(path: Path, process: subprocess.Popen[bytes]) -> dict[str, list[int]]:
    wait_for_file(path, process)
    state: dict[str, list[int]] = json.loads(path.read_text())
    return state


def mounts_here() -> list[str]:
    """Return this machine's mounts, but for those of containers and namespaces that other tests make meanwhile."""
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    return [
        row for row in rows if not re.search(r"/overlay2?/|/containers/|/netns/([0-9a-f]{12}|netns-test-\w+) ", row)
    ]


def left_of(states: list[dict[str, list[int]]]) -> list[str]:
    """Return the processes that are left, and those that are still in one of the namespaces."""
    found = []
    namespaces = {number for state in states for number in state["namespaces"]}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        if any(int(process.name) in state["pids"] for state in states) and is_alive(int(process.name)):
            found.append(f"process {process.name}")
        for kind in ("net", "mnt"):
            try:
                if (process / "ns" / kind).stat().st_ino in namespaces:
                    words = (process / "cmdline").read_text().split("\0")[:8]
                    found.append(f"{kind} namespace held by {process.name} {' '.join(words)}")
            except OSError:
                continue
    return found


@pytest.mark.parametrize("workers", [0, 2], ids=["plain", "n2"])
@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_killed_run_leaves_no_process_and_no_namespace(pytester: pytest.Pytester, workers: int, mode: str) -> None:
    pytester.makepyfile(source("kill/tree"))
    mounts = mounts_here()
    run = sorted(Path("/run").iterdir())
    arguments = [f"--netns-mode={mode}", "-p", "no:cacheprovider", *(["-n", str(workers)] if workers else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments, str(pytester.path)],
        cwd=pytester.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        states = [state_in(pytester.path / f"state{number}", process) for number in range(max(1, workers))]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_for(lambda: not left_of(states), "nothing is left")
    assert all(state["tmpfs"] for state in states)
    assert mounts_here() == mounts
    assert sorted(Path("/run").iterdir()) == run
    left = {path.name for path in pytester.path.iterdir() if path.suffix != ".py"} - {"__pycache__"}
    assert left == {f"state{number}" for number in range(max(1, workers))}


def test_a_worker_ends_with_its_controller_while_it_imports_a_conftest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(source("kill/slow_conftest"))
    pytester.makepyfile("def test_it(netns): ...")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--netns-mode=auto", "-n1"]
    process = subprocess.Popen(command, cwd=pytester.path)
    worker = pytester.path / "worker"
    wait_for_file(worker, process)
    wait_for(worker.read_text)
    process.kill()
    process.wait()
    # By itself xdist ends it five to fifteen seconds later.
    wait_for(lambda: not is_alive(int(worker.read_text())), timeout=4.0)
