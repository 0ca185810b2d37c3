"""What stands for a started mysqld: subprocess.Popen, or one that another process started in its place."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from typing import Protocol

_EXIT_CODE = -1  # it is its parent's to know


class Handle(Protocol):
    """Be a started program, as subprocess.Popen is."""

    @property
    def pid(self) -> int:
        """Return its pid."""
        ...

    @property
    def returncode(self) -> int | None:
        """Return its exit code, once ``poll`` or ``wait`` has found it."""
        ...

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it has ended; raise subprocess.TimeoutExpired after ``timeout`` seconds."""
        ...

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        ...

    def kill(self) -> None:
        """Send it SIGKILL."""
        ...


class AdoptedProcess:
    """Watch and signal a process that is no child of this one, by a pidfd, see pidfd_open(2)."""

    def __init__(self, pid: int, descriptor: int) -> None:
        """Keep the process; ``descriptor`` is its pidfd, closed with this object."""
        self.pid = pid
        self.returncode: int | None = None
        self._descriptor = descriptor

    def poll(self) -> int | None:
        """Return None while it runs, then -1: its exit code is known to its parent alone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return when it has ended; raise subprocess.TimeoutExpired after ``timeout`` seconds."""
        if self.returncode is None:
            ended = select.poll()
            ended.register(self._descriptor, select.POLLIN)
            if not ended.poll(None if timeout is None else int(timeout * 1000)):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = _EXIT_CODE
            os.close(self._descriptor)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal; to a process that has ended nothing is sent."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def let_go(self) -> None:
        """Close the pidfd; the process runs on."""
        if self.returncode is None:
            os.close(self._descriptor)
            self.returncode = _EXIT_CODE
