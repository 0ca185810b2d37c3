"""What programs leave running in a sandbox ends soon after the process that owns the sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql.kernel.namespaces import sweeper
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.reuse import visitor
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
    assert set(programs) == {"child", "copy", "daemon", "deaf", "elsewhere", "mounted"}
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
    own = {str(programs[name]) for name in ("child", "copy", "deaf", "elsewhere", "mounted", "outside", "shell")}
    assert set(children) == own
    process.kill()
    process.wait()
    wait_for(lambda: not any(is_alive(programs[name]) for name in ("child", "daemon")))
    subprocess.run(["kill", "-9", str(programs["outside"]), str(programs["shell"])], check=True)


def sweepers() -> list[int]:
    """Return the sweepers of the sandboxes of this process."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_text().split("\0")
        except OSError:
            continue  # the process has ended
        if sweeper.__file__ in words and words[words.index(sweeper.__file__) + 1] == str(os.getpid()):
            found.append(int(file.parent.name))
    return found


@pytest.mark.root
def test_a_closed_sandbox_without_processes_keeps_no_sweeper(in_sandbox: Callable[..., int]) -> None:
    """A process may make many sandboxes, one after the other; each sweeper keeps the memory of its own."""

    def close(sandbox: Sandbox) -> int:
        wait_for(sweepers)
        found = sweepers()
        sandbox.close()
        wait_for_end(*found)
        return len(found)

    assert in_sandbox(close) == 1


@MODES
def test_programs_in_a_closed_sandbox_end_with_its_owner(in_sandbox: Callable[..., int], mode: str) -> None:
    def leave(sandbox: Sandbox) -> int:
        with sandbox.entered():
            pid = os.posix_spawnp("sleep", ["sleep", "600"], os.environ)
        sandbox.close()
        return pid

    wait_for_end(in_sandbox(leave, mode))


@pytest.mark.parametrize("arguments", [["--mount-proc"], []], ids=["first", "foreign proc"])
def test_no_sweeper_is_started_where_none_is_needed_or_pids_mean_other_processes(arguments: list[str]) -> None:
    """The kernel ends all processes of a process-id namespace with the first; a foreign /proc has other pids."""
    own = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", *arguments]
    python = [
        "from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox",
        "print(Sandbox.create('direct').sweeper_pipe)",
    ]
    shell = [] if arguments else ["sh", "-c", '"$@"; exit $?', "sh"]
    result = subprocess.run([*own, *shell, sys.executable, "-c", "\n".join(python)], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "None\n"), result.stderr


def test_a_visitor_is_spared_and_so_is_what_it_starts() -> None:
    python = """
import os, time
from pytest_netns_mysql.reuse import visitor
visitor.mark()
os.closerange(3, 100)
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", python], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            mount = os.stat("/proc/self/ns/mnt").st_ino  # noqa: PTH116 - a link of the kernel
            processes = sweeper.SandboxProcesses(mount, 0, visitor.NAME)
            left, has_visitors = processes.left()
            assert has_visitors
            assert not {process.pid, child} & left
            assert not processes.may_end(process.pid)
            assert processes.may_end(child), "a forked copy that has lost its parent is no visitor"
        finally:
            process.kill()
            os.kill(child, signal.SIGKILL)
