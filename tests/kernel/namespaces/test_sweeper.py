"""What programs leave running in a sandbox ends soon after the process that owns the sandbox."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import is_alive, wait_for, wait_for_end
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])


@pytest.fixture
def owners() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(owners: list[subprocess.Popen[str]], folder: Path, mode: str) -> tuple[subprocess.Popen[str], dict[str, int]]:
    """Start a process with a sandbox; return it and the programs that it has started, by their names."""
    script = folder / "owner.py"
    script.write_text(source("sweeper/owner"))
    process = subprocess.Popen(
        [sys.executable, str(script), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    owners.append(process)
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words, "the owner has ended"
    return process, {name: int(pid) for name, _, pid in (word.partition("=") for word in words)}


@MODES
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_programs_in_the_sandbox_end_with_its_owner(
    owners: list[subprocess.Popen[str]], tmp_path: Path, mode: str, number: signal.Signals
) -> None:
    process, programs = start(owners, tmp_path, mode)
    outside, shell = programs.pop("outside"), programs.pop("shell")
    process.send_signal(number)
    process.wait()
    wait_for_end(*programs.values())
    assert set(programs) == {"child", "copy", "daemon", "deaf", "mounted"}
    try:
        assert is_alive(outside), "a program on the host's network goes on"
        assert is_alive(shell), "a shell of `netns-mysql shell` goes on"
    finally:
        for pid in {outside, shell}:
            subprocess.run(["kill", "-9", str(pid)], check=True)


def test_the_programs_of_another_sandbox_go_on(owners: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    first, ended = start(owners, tmp_path, "auto")
    second, lasting = start(owners, tmp_path, "auto")
    first.kill()
    first.wait()
    wait_for_end(*(pid for name, pid in ended.items() if name not in ("outside", "shell")))
    assert all(map(is_alive, lasting.values()))
    second.kill()
    second.wait()
    wait_for_end(*(pid for name, pid in lasting.items() if name not in ("outside", "shell")))
    for programs in (ended, lasting):
        subprocess.run(["kill", "-9", str(programs["outside"]), str(programs["shell"])], check=True)


@MODES
def test_the_owner_has_no_child_that_a_test_might_wait_for(
    owners: list[subprocess.Popen[str]], tmp_path: Path, mode: str
) -> None:
    process, programs = start(owners, tmp_path, mode)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    own = {str(programs[name]) for name in ("child", "copy", "deaf", "mounted", "outside", "shell")}
    assert set(children) == own
    process.kill()
    process.wait()
    wait_for(lambda: not any(is_alive(programs[name]) for name in ("child", "daemon")))
    subprocess.run(["kill", "-9", str(programs["outside"]), str(programs["shell"])], check=True)
