"""What a machine lacks: the error names the machine, the worker and the cure."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.support.machines import Machines
from tests.support.machines import pytest as pytest_command
from tests.support.suites import source

pytestmark = pytest.mark.as_user


def run(machines: Machines, *arguments: str) -> subprocess.CompletedProcess[str]:
    machines.write(test_inner=source("entry/plain_and_red"))
    return machines.run(*pytest_command(*arguments))


def test_the_plugin_is_missing(machines: Machines) -> None:
    python = sys._base_executable  # type: ignore[attr-defined] # outside of the virtual environment
    result = run(machines, *machines.workers("red", python=python))
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout
    assert result.stderr.startswith(
        f"ERROR: red (worker gw0) lacks pytest-netns-mysql=={version('pytest-netns-mysql')}\n"
        f"  where: {python}\n"
        f"  do: on that machine: {python} -m pip install pytest-netns-mysql"
    )
    assert "INTERNALERROR" not in result.stdout


def test_python_is_missing(machines: Machines) -> None:
    result = run(machines, *machines.workers("red", "blue", python="/nowhere/python"))
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout
    assert "ERROR: no Python can be started on red (worker gw0)\n  where: --tx ssh=red//ssh_config=" in result.stderr
    assert f"  do: try by hand: {' '.join(machines.ssh)} red /nowhere/python --version\n" in result.stderr


def test_the_machine_does_not_answer(machines: Machines) -> None:
    result = run(machines, *machines.workers("192.0.2.2 -p 9"))
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout
    assert "ERROR: no Python can be started on " in result.stderr


def test_a_missing_server_is_missing_on_its_machine(machines: Machines) -> None:
    machines.write(test_inner="def test_it(netns_mysqld): pass\n")
    arguments = [*machines.workers("blue"), "--netns-mysqld=/nowhere/mysqld"]
    result = machines.run(*pytest_command(*arguments))
    assert "ServerNotFoundError: /nowhere/mysqld does not exist\n" in result.stdout, result.stdout + result.stderr
    advice = "do there what the error says; `netns-mysql doctor` there tells more"
    assert f"on         blue (worker gw0): {advice}" in result.stdout


def test_a_setting_that_the_machine_refuses_stops_the_run(machines: Machines) -> None:
    arguments = [
        f"{word}//env:NETNS_START_TIMEOUT=soon" if word.startswith("--tx=ssh=blue") else word
        for word in machines.workers("red", "blue")
    ]
    result = run(machines, *arguments)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout + result.stderr
    assert (
        "ERROR: blue (worker gw1): netns_start_timeout = 'soon': it must be a number of seconds above 0\n"
        "  where: environment variable NETNS_START_TIMEOUT\n" in result.stderr
    )


@pytest.mark.ordinary_user
def test_a_test_that_is_skipped_names_the_machine(machines: Machines) -> None:
    machines.write(test_inner=source("entry/plain_and_red"))
    options = ["--netns-mode=direct", "--netns-unavailable=skip", "-rs"]
    result = machines.run(*pytest_command(*machines.workers("blue"), *options))
    assert "1 passed, 1 skipped" in result.stdout, result.stdout + result.stderr
    assert "where: blue (worker gw0)" in result.stdout


def test_relative_paths_are_refused_with_the_cure(machines: Machines) -> None:
    machines.write(test_inner=source("entry/plain_and_red"))
    *arguments, _ = machines.workers("red")
    result = machines.run(*pytest_command(*arguments, "test_inner.py"))
    assert result.returncode == pytest.ExitCode.USAGE_ERROR, result.stdout
    assert "arg test_inner.py not relative to an rsync root\n  do: write absolute paths, also the fol" in result.stderr
