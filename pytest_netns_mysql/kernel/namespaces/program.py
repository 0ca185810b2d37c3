"""A program in a process-id namespace of its own, started by the script ``launcher`` as a child of this process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from typing import Any

_LAUNCH_TIMEOUT = 30.0  # seconds, until the launcher must have written the program's pid


class Program:
    """A started program with the methods of subprocess.Popen. All processes that it forks end with it.

    The launcher starts the program as a child of this process, writes the program's pid to a pipe and ends. Nothing
    waits for the pid before it is needed, so that the program boots meanwhile. See pid_namespaces(7).
    """

    def __init__(self, launcher: subprocess.Popen[bytes], pid_pipe: int) -> None:
        """Take over a started launcher.

        Args:
            launcher: The process that becomes or starts the program.
            pid_pipe: The reading end of the pipe for the program's pid; it is closed once the pid is read.
        """
        self._launcher = launcher
        self._pid_pipe = pid_pipe
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The program's pid in the process-id namespace of this process."""
        self._read_pid(_LAUNCH_TIMEOUT)
        return self._launcher.pid if self._pid is None else self._pid

    @property
    def returncode(self) -> int | None:
        """The exit code that ``poll`` or ``wait`` has found, negative for a signal; None before."""
        return self._code

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        if self._read_pid(0) and self._code is None and self._pid is not None:
            with contextlib.suppress(ChildProcessError):
                ended, status = os.waitpid(self._pid, os.WNOHANG)
                if not ended:
                    return None
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the program's end and return the exit code.

        Args:
            timeout: Seconds to wait, by default without a limit.

        Raises:
            subprocess.TimeoutExpired: The program still runs after ``timeout`` seconds.
        """
        self._read_pid(_LAUNCH_TIMEOUT)
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
        """Send a signal to the program, unless it has ended."""
        self._read_pid(_LAUNCH_TIMEOUT)
        if self.poll() is None and self._pid is not None:
            os.kill(self._pid, number)  # nobody has waited for this child yet, so the pid is still its own

    def kill(self) -> None:
        """Send SIGKILL to the program."""
        self.send_signal(signal.SIGKILL)

    def _read_pid(self, timeout: float) -> bool:
        """Read the program's pid, if it is not known; return False if the launcher has not answered in time."""
        if self._pid_pipe < 0:
            return True
        if not _is_ready(self._pid_pipe, timeout):
            if timeout:  # the launcher hangs, and must not stay
                self._launcher.kill()
            return False
        answer = os.read(self._pid_pipe, 32)
        os.close(self._pid_pipe)
        self._pid_pipe = -1
        if answer and int(answer) != self._launcher.pid:
            self._pid = int(answer)
            self._launcher.wait()
        elif answer:
            self._pid = self._launcher.pid
            self._launcher.returncode = 0  # it has become the program, for which this object waits
        else:
            self._code = self._launcher.wait()
        return True


def start_program(argv: list[str], pipe: tuple[int, int], **options: Any) -> Program:
    """Start a command line of ``launcher.command``, and return at once.

    Args:
        argv: The command line, whose ``pid_pipe`` is the writing end of ``pipe``.
        pipe: The reading end and the writing end of the pipe for the program's pid.
        options: Options of subprocess.Popen, whose ``pass_fds`` include the writing end.
    """
    reading, writing = pipe
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
