"""A sandbox created by a short-lived thread: the main thread starts programs in it, and moves in later."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from pytest_netns_mysql.kernel.namespaces.newthread import run_in_new_thread
from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import presets
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InChild = Callable[[Callable[[], Any]], Any]
MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])
SCRIPT = "pwd; ls /run/netns; ls /proc/self/fd; grep CapEff /proc/self/status"


def place() -> list[int]:
    return [Path("/proc/thread-self/ns", kind).stat().st_ino for kind in ("net", "mnt")]


def make(mode: str, topology: str = "red-blue") -> Network:
    if needs_user_namespace(mode):
        enter_user_namespace()
    return run_in_new_thread(lambda: Network(Sandbox.create_in_thread(mode), load(topology)))


def output_of(network: Network, script: str, directory: Path) -> list[str]:
    with TemporaryFile() as output:
        program = network["red"]._start(
            ["sh", "-c", script], directory=directory, env=os.environ, output=output.fileno()
        )
        assert program.wait() == 0
        output.seek(0)
        return output.read().decode().splitlines()


@MODES
def test_the_main_thread_starts_programs_in_the_sandbox_from_outside(
    in_child: InChild, mode: str, tmp_path: Path
) -> None:
    def action() -> tuple[bool, list[str], list[str], list[str]]:
        here = place(), Path.cwd()
        network = make(mode)
        outside = output_of(network, SCRIPT, tmp_path)
        stayed = here == (place(), Path.cwd())
        network._sandbox.move_in()
        inside = output_of(network, SCRIPT, tmp_path)
        own = subprocess.run(["grep", "CapEff", "/proc/self/status"], capture_output=True, text=True).stdout
        return stayed, outside, inside, own.splitlines()

    stayed, outside, inside, own = in_child(action)
    assert stayed
    assert outside == inside
    assert outside[:-1] == [str(tmp_path), "blue", "red", "0", "1", "2", "3"]  # ls opens 3
    assert outside[-1:] == own


@MODES
def test_the_main_thread_moves_in_later_if_no_thread_can_return(in_child: InChild, mode: str) -> None:
    def action() -> tuple[bool, bool, bool, bool]:
        home = place()
        network = make(mode)
        sandbox = network._sandbox
        before = sandbox.bring_back() == [] and place() == home
        sandbox.move_in()
        moved = place() != home
        with network["red"]:
            pass
        after = sandbox.bring_back() == [] and (place() != home) == moved
        return before, moved, after, sandbox.can_return

    before, moved, after, returns = in_child(action)
    assert before
    assert after
    assert moved is not returns


@MODES
@pytest.mark.parametrize("preset", presets())
def test_a_thread_builds_every_preset_as_the_main_thread_does(in_child: InChild, mode: str, preset: str) -> None:
    """Files such as /proc/self and /proc/net belong to the main thread, so the builder must not use them."""

    def shown(network: Network) -> list[str]:
        network._sandbox.move_in()
        # A link that has just come up is shown as down for a moment.
        script = [
            "sh",
            "-c",
            "ip -4 -oneline address; ip route | sed 's/linkdown//'; cat /proc/sys/net/ipv4/ip_forward",
        ]
        return [network[name].run(script, capture_output=True, text=True, check=True).stdout for name in network]

    def direct() -> list[str]:
        return shown(Network(Sandbox.create(mode), load(preset)))

    assert in_child(lambda: shown(make(mode, preset))) == in_child(direct)
