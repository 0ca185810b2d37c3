"""Progress lines: one at the beginning of a step, then one each second."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_INTERVAL = 1.0  # seconds between two lines of one step
_POLL = 0.1  # seconds


class Progress:
    """The lines that a user sees during an operation that takes seconds."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Write lines with ``say``, which takes a line of text."""
        self._say = say
        self._began = self._last = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line now, at the beginning or the end of a step."""
        self._began = self._last = time.monotonic()
        self._say(text)

    def show(self, state: Callable[[], str]) -> None:
        """Write the state of the step and its seconds, if the last line is a second old.

        Args:
            state: Returns the state, such as ``3 of 7 packages``; called only if a line is written.
        """
        now = time.monotonic()
        if now - self._last >= _INTERVAL:
            self._last = now
            self._say(f"{state()}, {now - self._began:.0f} s")

    def run(
        self,
        command: Sequence[str],
        state: Callable[[], str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        text: str = "",
        timeout: float = float("inf"),
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as ``subprocess.run`` does, and write a progress line each second.

        Args:
            command: The program and its arguments.
            state: Returns the text of a progress line.
            cwd: The working directory.
            environment: The environment, by default that of this process.
            text: The standard input.
            timeout: How long the program may run, in seconds.

        Raises:
            TimeoutExpired: The program ran longer, and was killed.
        """
        # Files need no thread that reads them, as pipes do, and a process with threads cannot enter a user namespace.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(text.encode())
            given.seek(0)
            process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=given, stdout=out, stderr=err)
            end = time.monotonic() + timeout
            try:
                while process.poll() is None:
                    if time.monotonic() > end:
                        raise subprocess.TimeoutExpired(list(command), timeout)
                    self.show(state)
                    _wait(process)
            finally:
                process.kill()
                process.wait()
            texts = [_read(file) for file in (out, err)]
        return subprocess.CompletedProcess(list(command), process.returncode, *texts)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_POLL)
    except subprocess.TimeoutExpired:
        return


def _read(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    return file.read().decode("utf-8", "replace")  # type: ignore[attr-defined, no-any-return]


def size_below(*folders: Path) -> int:
    """Return the current size of all files in and below folders, in bytes."""
    total = 0
    for file in (path for folder in folders for path in folder.rglob("*")):
        try:
            total += file.lstat().st_size
        except FileNotFoundError:
            continue  # renamed or removed in between
    return total


def of_total(done: int, total: int) -> str:
    """Return a text such as ``23 of 63 MB (37 %)``.

    Args:
        done: The number of bytes so far.
        total: The number of bytes in the end.
    """
    done = min(done, total)
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB ({100 * done // max(total, 1)} %)"
