"""What the tests of standing servers share: the commands, and the processes of the servers that they start."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., str]

TOPOLOGY = """
[namespaces]
red = "192.0.2.2/24"

[mysqld]
options = {{ max_error_count = {number} }}
"""


@pytest.fixture
def command(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Run netns-mysql in a folder whose topology no other test has; whatever is up at the end is ended."""
    monkeypatch.delenv("CI", raising=False)
    number = 200 + zlib.crc32(str(pytester.path).encode()) % 50000
    (pytester.path / "netns-topology.toml").write_text(TOPOLOGY.format(number=number))
    pids = set()

    def run(*arguments: str, code: int = 0) -> str:
        words = [sys.executable, "-m", "pytest_netns_mysql.cli", *arguments]
        result = subprocess.run(words, cwd=pytester.path, capture_output=True, text=True, check=False)
        assert result.returncode == code, result.stdout + result.stderr
        pids.update(re.findall(r"^pid (\d+)", result.stdout, re.MULTILINE) if arguments[0] == "up" else [])
        return result.stdout + result.stderr

    yield run
    for pid in {int(pid) for pid in pids} & listed(run).keys():
        run("down", str(pid))


@pytest.fixture
def own_offers(command: Command, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of this test's offers, where no other test offers a server; whatever is up at the end is ended."""
    folder = pytester.path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    command("down")


def pid_of(line: str) -> int:
    match = re.match(r"pid (\d+): mysql-[\d.]+, topology netns-topology, since \d\d:\d\d:\d\d, free\n", line)
    assert match is not None, line
    return int(match[1])


def listed(command: Command) -> dict[int, dict[str, Any]]:
    """Return the standing servers, by the pids that `netns-mysql down` takes."""
    return {row["pid"]: row for row in json.loads(command("ls", "--json"))}


def seen(pytester: pytest.Pytester) -> list[int]:
    """Return mysqld's pid in each run."""
    return [pid for pid, _ in json.loads((pytester.path / "seen").read_text())]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def grandchildren(pid: int) -> list[int]:
    return [one for child in children(pid) for one in children(child)]
