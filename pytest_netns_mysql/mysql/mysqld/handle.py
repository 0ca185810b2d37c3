"""The handle of a started mysqld: subprocess.Popen, or a process that another process started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from typing import Protocol

_EXIT_CODE = -1  # of an adopted process: only its parent learns the true one


class Handle(Protocol):
    """A started program, with the part of subprocess.Popen's interface that servers need."""

    @property
    def pid(self) -> int:
        """The process's pid."""
        ...

    @property
    def returncode(self) -> int | None:
        """The exit code, once ``poll`` or ``wait`` has found it; None before."""
        ...

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when the process has ended; raise subprocess.TimeoutExpired after ``timeout`` s."""
        ...

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        ...

    def kill(self) -> None:
        """Send SIGKILL to the process."""
        ...


class AdoptedProcess:
    """A process that is not a child of this process, watched and signalled by a pidfd, see pidfd_open(2)."""

    def __init__(self, pid: int, descriptor: int) -> None:
        """Take a pid and the process's pidfd, which is closed when the process has ended or is released."""
        self.pid = pid
        self.returncode: int | None = None
        self._descriptor = descriptor

    def poll(self) -> int | None:
        """Return None while the process runs, then -1: only its parent learns the exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process; raise subprocess.TimeoutExpired after ``timeout`` seconds."""
        if self.returncode is None:
            ended = select.poll()
            ended.register(self._descriptor, select.POLLIN)
            if not ended.poll(None if timeout is None else int(timeout * 1000)):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = _EXIT_CODE
            os.close(self._descriptor)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def release(self) -> None:
        """Close the pidfd; the process goes on running."""
        if self.returncode is None:
            os.close(self._descriptor)
            self.returncode = _EXIT_CODE
