"""Programs that the launcher starts: the file that they find empty, the sockets that they get."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.namespaces import launcher
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InSandbox = Callable[..., Any]
SHOW_SOCKETS = """
import json, os, socket
sockets = {}
for number in range(3, 20):
    try:
        sock = socket.socket(fileno=number)
        sockets[number] = [sock.getsockname()[1], sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)]
        sock.detach()
    except OSError:
        pass
print(json.dumps([sockets, os.environ["LISTEN_FDS"], int(os.environ["LISTEN_PID"]) == os.getpid()]))
"""


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
def test_a_missing_file_needs_no_covering(in_sandbox: InSandbox, mode: str) -> None:
    def action(sandbox: Sandbox) -> str:
        argv = launcher.command(["echo", "runs"], empty_file="/no/such/file")
        with sandbox.entered():
            return subprocess.run(argv, capture_output=True, text=True).stdout

    assert in_sandbox(action, mode) == "runs\n"


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_program_in_a_mount_namespace_of_its_own_sees_networks_that_are_built_later(
    in_sandbox: InSandbox, mode: str, tmp_path: Path
) -> None:
    """A server keeps running while other networks are built, and opens their names in /run/netns."""
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


def test_a_missing_program_is_reported() -> None:
    result = subprocess.run(launcher.command(["/no/such/program"]), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "/no/such/program: No such file or directory\n")


@pytest.mark.parametrize("between", [0, 2])
def test_listening_sockets_get_the_descriptors_from_3_upwards(between: int) -> None:
    sockets, others = [], []
    for _ in range(3):
        sock = socket.create_server(("127.0.0.1", 0))
        sockets.append(sock)
        others += [os.open("/dev/null", os.O_RDONLY) for _ in range(between)]
    numbers = [sock.fileno() for sock in sockets]
    command = launcher.command([sys.executable, "-c", SHOW_SOCKETS], listening=list(reversed(numbers)))
    env = {**os.environ, "LISTEN_FDNAMES": "of:another:service:s"}
    result = subprocess.run(command, pass_fds=numbers, capture_output=True, text=True, check=True, env=env)
    ports = {sock.getsockname()[1] for sock in sockets}
    found, count, is_for_this_process = json.loads(result.stdout)
    assert (sorted(found), count, is_for_this_process) == (["3", "4", "5"], "3", True)
    assert {port for port, _ in found.values()} == ports
    assert all(listens for _, listens in found.values())
    for sock in sockets:
        sock.close()
    for descriptor in others:
        os.close(descriptor)
