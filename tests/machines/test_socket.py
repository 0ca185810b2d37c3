"""Workers of xdist in socket servers of execnet on other machines, and in other Pythons of this one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.machines import MACHINES, Machines
from tests.support.machines import pytest as pytest_command
from tests.support.suites import Suite, source

pytestmark = pytest.mark.as_user

MODES = ["auto", pytest.param("rootless", marks=pytest.mark.root)]


def run(machines: Machines, *server: str, mode: str) -> subprocess.CompletedProcess[str]:
    """Run a suite on two machines with a socket server."""
    machines.write(test_inner=source("machines/origins"))
    (machines.project / "netns-topology.toml").write_text('[namespaces]\noffice = "203.0.113.2/24"\n')
    servers = ["env", f"NETNS_MODE={mode}", *server, "-m", "execnet.script.socketserver", "{address}:8888"]
    workers = [
        f"--tx=socket={address}:8888//chdir={machines.home(name)}//env:CI=true" for name, address in MACHINES.items()
    ]
    options = ["--dist=load", f"--netns-mode={mode}", f"--rsyncdir={machines.project}", str(machines.project)]
    return machines.run(*pytest_command(*options, *workers), before=servers)


@pytest.mark.parametrize("mode", MODES)
def test_a_suite_runs_in_socket_servers(machines: Machines, mode: str) -> None:
    result = run(machines, sys.executable, "-m", "pytest_netns_mysql.remote", mode=mode)
    assert "1 failed, 5 passed" in result.stdout, result.stdout + result.stderr
    assert "because    there is no account for the user nobody, from 203.0.113.2 (namespace office)" in result.stdout


def test_a_socket_server_outside_of_a_user_namespace_cannot_become_rootless(machines: Machines, is_root: bool) -> None:
    result = run(machines, sys.executable, mode="rootless" if is_root else "auto")
    assert "5 errors" in result.stdout, result.stdout + result.stderr
    assert (
        "ThreadsError: the user namespace of a rootless sandbox cannot be entered: this process has th" in result.stdout
    )
    server = "`python -m pytest_netns_mysql.remote -m execnet.script.socketserver HOST:PORT`"
    assert f"  do: start a socket server with {server}\n" in result.stdout
    assert "on         192.0.2.2:8888 (worker gw0): do there what the error says" in result.stdout


def test_workers_may_have_another_python(suite: Suite) -> None:
    result = suite("entry/plain_and_red", "--dist=load", f"--tx=2*popen//python={sys.executable}")
    result.assert_outcomes(passed=2)
