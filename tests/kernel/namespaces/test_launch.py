"""A program between fork and exec: what it alone finds empty, and what it still sees."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.namespaces import launcher
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

InSandbox = Callable[..., Any]


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_file_is_empty_for_the_program_alone(in_sandbox: InSandbox, mode: str, tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.53\n")

    def action(sandbox: Sandbox) -> tuple[str, str, str]:
        def shown(**options: Any) -> str:
            argv = launcher.command(["cat", str(file)], **options)
            return str(subprocess.run(argv, capture_output=True, text=True).stdout)

        with sandbox.entered():
            return shown(empty_file=str(file)), shown(), file.read_text()

    assert in_sandbox(action, mode) == ("", "nameserver 192.0.2.53\n", "nameserver 192.0.2.53\n")


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_file_that_is_not_there_is_no_trouble(in_sandbox: InSandbox, mode: str) -> None:
    def action(sandbox: Sandbox) -> str:
        argv = launcher.command(["echo", "runs"], empty_file="/no/such/file")
        with sandbox.entered():
            return subprocess.run(argv, capture_output=True, text=True).stdout

    assert in_sandbox(action, mode) == "runs\n"


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_program_in_a_mount_namespace_of_its_own_sees_networks_that_come_later(
    in_sandbox: InSandbox, mode: str, tmp_path: Path
) -> None:
    """A server goes on while networks come and go: it opens their names in /run/netns."""
    file = tmp_path / "resolv.conf"
    file.touch()

    def action(sandbox: Sandbox) -> str:
        script = "read go; stat --file-system --format=%T /run/netns/red"
        Network(sandbox, load("isolated"))
        with sandbox.entered():
            program = subprocess.Popen(
                launcher.command(["sh", "-c", script], empty_file=str(file)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        Network(sandbox, load("red-blue"))
        return program.communicate("go\n", timeout=10)[0]

    assert in_sandbox(action, mode) == "nsfs\n"


def test_a_program_that_is_not_there_is_told() -> None:
    result = subprocess.run(launcher.command(["/no/such/program"]), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "/no/such/program: No such file or directory\n")
