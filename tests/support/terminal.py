"""A program in a terminal of its own, which a test reads and types in."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 60.0  # seconds
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A program whose standard streams and controlling terminal are a pseudo-terminal, see pty(7)."""

    def __init__(self, argv: Sequence[str], cwd: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, close_fds=True
        )
        os.close(theirs)
        self._text = ""
        self._seen = 0

    @property
    def text(self) -> str:
        """What the terminal has shown so far."""
        return self._text

    def expect(self, text: str) -> str:
        """Wait until the terminal shows a text, behind what was expected before; return what came until then."""
        deadline = time.monotonic() + PATIENCE
        while (found := self._text.find(text, self._seen)) < 0:
            assert time.monotonic() < deadline, f"{text!r} was not shown:\n{self._text}"
            assert self._read(), f"{text!r} was not shown until the end:\n{self._text}"
        before = self._text[self._seen : found]
        self._seen = found + len(text)
        return before

    def enter(self, text: str) -> None:
        """Type a text; end it with a line feed for Enter."""
        os.write(self._ours, text.encode())

    def wait(self) -> int:
        """Read until the program ends; return its exit code."""
        while self._read():
            pass
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program did not end:\n{self._text}") from None

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], PATIENCE)[0]:
            return False
        try:
            part = os.read(self._ours, 65_536)
        except OSError:  # the last process with the other side has ended
            return False
        self._text += _COLOURS.sub("", part.decode("utf-8", "replace")).replace("\r", "")
        return bool(part)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._ours)
