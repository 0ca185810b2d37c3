"""Lines of progress: what goes on, and, once a second, how far it is."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_EVERY = 1.0  # seconds between two lines of one step
_POLL = 0.1  # seconds


class Progress:
    """The lines that a user sees while something takes seconds."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Keep what takes a line of text."""
        self._say = say
        self._began = self._last = time.monotonic()

    def say(self, text: str) -> None:
        """Show a line now: a step begins, or ends."""
        self._began = self._last = time.monotonic()
        self._say(text)

    def tell(self, how_far: Callable[[], str]) -> None:
        """Show how far the step is, and its seconds, if the last line is a second old.

        ``how_far`` is called only then.
        """
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            self._say(f"{how_far()}, {now - self._began:.0f} s")

    def run(
        self,
        command: Sequence[str],
        how_far: Callable[[], str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        text: str = "",
        timeout: float = float("inf"),
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as ``subprocess.run`` does, and tell meanwhile how far it is.

        Args:
            command: The program and its arguments.
            how_far: Returns the line that is shown once a second.
            cwd: Where it runs.
            environment: Its environment, by default this process's.
            text: Its standard input.
            timeout: How long it may take, in seconds.

        Raises:
            TimeoutExpired: The program took longer, and was killed.
        """
        # Files, not pipes: no thread is needed to read them, and a process with threads enters no user namespace.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(text.encode())
            given.seek(0)
            process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=given, stdout=out, stderr=err)
            end = time.monotonic() + timeout
            try:
                while process.poll() is None:
                    if time.monotonic() > end:
                        raise subprocess.TimeoutExpired(list(command), timeout)
                    self.tell(how_far)
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
    """Return how many bytes the files in folders and below have by now."""
    total = 0
    for file in (one for folder in folders for one in folder.rglob("*")):
        try:
            total += file.lstat().st_size
        except FileNotFoundError:
            continue  # it was renamed just now
    return total


def of_total(done: int, total: int) -> str:
    """Return ``23 of 63 MB (37 %)``."""
    done = min(done, total)
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB ({100 * done // max(total, 1)} %)"
