"""SIGKILL for the controller: its workers on other machines end, and leave nothing there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.machines import MACHINES, Machines
from tests.support.machines import pytest as pytest_command
from tests.support.processes import is_alive, wait_for, wait_for_file
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


def holders(namespaces: set[int]) -> list[str]:
    """Return the processes that are in one of the namespaces."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and any(
                (process / "ns" / kind).stat().st_ino in namespaces for kind in ("net", "mnt")
            ):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_nothing_is_left_on_the_machines(machines: Machines, tmp_path: Path) -> None:
    machines.write(test_inner=source("machines/waits"), conftest=source("machines/tell_pid"))
    workers = [
        f"{word}//env:STATES={tmp_path}" if word.startswith("--tx") else word for word in machines.workers(*MACHINES)
    ]
    # The machines stay up until this test has looked at them.
    command = machines.command("sh", "-c", '"$@" </dev/null; read line', "sh", *pytest_command(*workers))
    process = subprocess.Popen(
        command,
        cwd=machines.project,
        env={**os.environ, "STATES": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for number in range(2):
            wait_for_file(tmp_path / f"state{number}", process)
        states = [json.loads((tmp_path / f"state{number}").read_text()) for number in range(2)]
        namespaces = {number for state in states for number in state["namespaces"]}
        assert len(namespaces) == 4
        assert holders(namespaces)
        os.kill(int((tmp_path / "controller").read_text()), signal.SIGKILL)
        wait_for(lambda: not any(is_alive(pid) for state in states for pid in state["pids"]), "the end of the workers")
        wait_for(lambda: not holders(namespaces), "the end of the sandboxes")
        assert process.poll() is None
    finally:
        process.communicate(b"\n")
