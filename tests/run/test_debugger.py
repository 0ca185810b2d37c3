"""A debugger whose threads keep pytest out of a user namespace: it follows the run that starts again."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import wait_for
from tests.support.suites import source

pytestmark = pytest.mark.as_user

SUITE = source("debugger/single")
LINE = SUITE.splitlines().index('    assert name == "red"') + 1
PATIENCE = 60.0  # seconds


class Client:
    """A client of the Debug Adapter Protocol that sets one breakpoint, and lets what stops there go on."""

    def __init__(self, address: tuple[str, int], told: queue.Queue[str], file: Path, config: dict[str, Any]) -> None:
        """Connect, and attach."""
        self._told, self._file = told, file
        self._socket = socket.create_connection(address)
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()
        self._ask("initialize", adapterID="netns")
        self._ask("attach", **config)

    def _ask(self, command: str, **arguments: Any) -> None:
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        text = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(text), text))

    def _read(self) -> None:
        with self._socket, self._socket.makefile("rb") as stream, contextlib.suppress(OSError):
            while header := stream.readline():
                length = int(header.split(b":")[1])
                assert stream.readline() == b"\r\n"
                message = json.loads(stream.read(length))
                if message["type"] == "event":
                    self._meet(message["event"], message.get("body") or {})

    def _meet(self, event: str, body: dict[str, Any]) -> None:
        if event == "initialized":
            self._ask("setBreakpoints", source={"path": str(self._file)}, breakpoints=[{"line": LINE}])
            self._ask("configurationDone")
        elif event == "stopped":
            self._told.put(f"stopped by {body['reason']}")
            self._ask("continue", threadId=body["threadId"])
        elif event == "terminated":
            self._ask("disconnect", terminateDebuggee=False)
        elif event == "debugpyAttach":
            Client((body["connect"]["host"], body["connect"]["port"]), self._told, self._file, body)


@pytest.fixture
def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def command(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, free_port: int) -> list[str]:
    """Return the command line of a debugger that runs the suite, for root as for an ordinary user."""
    if os.geteuid() == 0:
        monkeypatch.setenv("NETNS_MODE", "rootless")
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    pytester.makepyfile(test_inner=SUITE)
    return [sys.executable, "-Xfrozen_modules=off", "-m", "debugpy", "--listen", f"127.0.0.1:{free_port}"]


PYTEST = ["-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"]


def test_breakpoints_are_hit_after_pytest_was_started_again(
    pytester: pytest.Pytester, command: list[str], free_port: int
) -> None:
    told: queue.Queue[str] = queue.Queue()
    logs = pytester.path / "logs"
    arguments = ["--log-to", str(logs), "--wait-for-client", *PYTEST]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        # Its port is open before that, but a client that comes so early can break debugpy's adapter.
        wait_for(lambda: any("wait_for_client()" in log.read_text() for log in logs.glob("debugpy.server-*")))
        Client(("127.0.0.1", free_port), told, pytester.path / "test_inner.py", {"justMyCode": False})
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert "1 passed" in output
    assert told.get_nowait() == "stopped by breakpoint"
    assert told.empty()


def test_a_debugger_without_a_client_starts_again_with_pytest(command: list[str]) -> None:
    result = subprocess.run([*command, *PYTEST], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
