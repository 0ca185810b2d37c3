"""Processes that tests start and kill: whether they run, and waiting for them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0  # seconds: for a machine that does much else


def is_alive(pid: int) -> bool:
    """Return True if a process runs. A zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], object], what: str = "the condition", timeout: float = PATIENCE) -> None:
    """Wait until a condition holds; fail the test if it does not hold within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not hold within {timeout:g} seconds"
        time.sleep(0.02)


def wait_for_end(*pids: int) -> None:
    """Wait until no process of these ids runs."""
    wait_for(lambda: not any(map(is_alive, pids)), f"the end of {pids}")


def wait_for_file(file: Path, process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Wait until a process has made a file; fail the test if the process ends without it."""

    def is_there() -> bool:
        assert file.exists() or process.poll() is None, f"the process ended without making {file}"
        return file.exists()

    wait_for(is_there, str(file))
