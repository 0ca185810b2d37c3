"""A program that runs in a process-id namespace of its own, as a child of this process: see ``launch``."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from typing import Any

_STARTING = 30.0  # seconds, for the launcher to say which process the program is


class Program:
    """A started program, as subprocess.Popen is one; whatever it has forked ends with it, see pid_namespaces(7).

    Its launcher starts it as a child of this process, and ends then. Until it has said which that is nothing waits for
    it: the program boots meanwhile.
    """

    def __init__(self, launcher: subprocess.Popen[bytes], told: int) -> None:
        """Keep the launcher, and the descriptor that it writes the program's pid to: closed when it has."""
        self._launcher = launcher
        self._told = told
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """Return the pid of the program, as this process sees it."""
        self._learn(_STARTING)
        return self._launcher.pid if self._pid is None else self._pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code that ``poll`` or ``wait`` has found, the negative signal where one ended it."""
        return self._code

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        if self._learn(0) and self._code is None and self._pid is not None:
            with contextlib.suppress(ChildProcessError):
                found, status = os.waitpid(self._pid, os.WNOHANG)
                if not found:
                    return None
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when the program has ended; raise subprocess.TimeoutExpired after ``timeout`` s."""
        self._learn(_STARTING)
        if self._code is None and self._pid is not None:
            descriptor = os.pidfd_open(self._pid)
            try:
                if not _is_ready(descriptor, timeout):
                    raise subprocess.TimeoutExpired(self._launcher.args, timeout or 0)
            finally:
                os.close(descriptor)
            self.poll()
        return -1 if self._code is None else self._code

    def send_signal(self, number: int) -> None:
        """Send a signal; to a program that has ended nothing is sent."""
        self._learn(_STARTING)
        if self.poll() is None and self._pid is not None:
            os.kill(self._pid, number)  # a child that nobody has waited for: the number is no other's

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _learn(self, timeout: float) -> bool:
        """Return True if it is known which process the program is, or that the launcher came to an end without."""
        if self._told < 0:
            return True
        if not _is_ready(self._told, timeout):
            if timeout:  # the launcher hangs: nothing of it is to stay
                self._launcher.kill()
            return False
        said = os.read(self._told, 32)
        os.close(self._told)
        self._told = -1
        if said and int(said) != self._launcher.pid:
            self._pid = int(said)
            self._launcher.wait()
        elif said:
            self._pid = self._launcher.pid
            self._launcher.returncode = 0  # it has become the program, which is waited for here
        else:
            self._code = self._launcher.wait()
        return True


def start(argv: list[str], told: tuple[int, int], **options: Any) -> Program:
    """Start a command line of ``launch.command``, and return at once.

    Args:
        argv: The command line; it names the writing end of the pipe ``told``.
        told: The pipe by which the launcher says which process the program is.
        options: Those of subprocess.Popen, which must hand on the writing end.
    """
    reading, writing = told
    try:
        return Program(subprocess.Popen(argv, **options), reading)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def _is_ready(descriptor: int, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else int(timeout * 1000)))
