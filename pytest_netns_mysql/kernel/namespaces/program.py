"""A program in a process-id namespace of its own, started as a child of this process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from pytest_netns_mysql import clock
from pytest_netns_mysql.kernel.namespaces import launcher
from pytest_netns_mysql.kernel.namespaces.forking import start_child
from pytest_netns_mysql.kernel.namespaces.privileges import gains_capabilities_at_exec

with contextlib.suppress(ImportError):  # on Windows
    import resource  # here: the child that uses it must import nothing, see start_child

_PAUSE = 0.005  # seconds
_LAUNCH_TIMEOUT = 30.0  # seconds, until the launcher must have written the program's pid
_SYS_CLOSE_RANGE = 436  # on every architecture
_CLOSE_RANGE_CLOEXEC = 4
_FILES_OF_MYSQLD = 10_010  # what MySQL 9 asks the kernel for, with its own max_connections
_FIRST_OTHER = 3  # the first descriptor behind those of the standard streams


class Program:
    """A started program with the methods of subprocess.Popen. All processes that it forks end with it.

    A child of this process, the launcher, starts the program as another child of this process, writes the program's pid
    to a pipe and ends. Nothing waits for the pid before it is needed, so that the program boots meanwhile. See
    pid_namespaces(7).
    """

    def __init__(self, argv: Sequence[str], launcher: int, pid_pipe: int) -> None:
        """Take over a started launcher.

        Args:
            argv: The program and its arguments.
            launcher: The pid of the process that becomes or starts the program.
            pid_pipe: The reading end of the pipe for the program's pid; it is closed once the pid is read.
        """
        self._argv = argv
        self._launcher = launcher
        self._pid_pipe = pid_pipe
        self._pid: int | None = None
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The program's pid in the process-id namespace of this process."""
        self._read_pid(_LAUNCH_TIMEOUT)
        return self._launcher if self._pid is None else self._pid

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
            if not self._ends_within(self._pid, timeout):
                raise subprocess.TimeoutExpired(self._argv, timeout or 0)
            self.poll()
        return -1 if self._code is None else self._code

    def _ends_within(self, pid: int, timeout: float | None) -> bool:
        """Return True when the program has ended, and False if it still runs after ``timeout`` seconds."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True  # a test has waited for all children of this process
        except OSError:  # the kernel or a seccomp profile refuses pidfd_open(2)
            deadline = None if timeout is None else clock.monotonic() + timeout
            while self.poll() is None and _exists(pid):
                if deadline is not None and clock.monotonic() > deadline:
                    return False
                time.sleep(_PAUSE)
            return True
        try:
            return _is_ready(descriptor, timeout)
        finally:
            os.close(descriptor)

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
                os.kill(self._launcher, signal.SIGKILL)
            return False
        answer = os.read(self._pid_pipe, 32)
        os.close(self._pid_pipe)
        self._pid_pipe = -1
        if answer and int(answer) == self._launcher:
            self._pid = self._launcher  # it has become the program
            return True
        status = 0
        with contextlib.suppress(ChildProcessError):  # this process ignores SIGCHLD
            status = os.waitpid(self._launcher, 0)[1]
        if answer:
            self._pid = int(answer)
        else:
            self._code = os.waitstatus_to_exitcode(status)
        return True


def start_program(
    argv: Sequence[str], pipe: tuple[int, int], words: Sequence[str], *, env: Mapping[str, str], output: int | None
) -> Program:
    """Start a program, and return at once.

    This process is forked. Another Python in place of the child would take twenty milliseconds.

    Args:
        argv: The program and its arguments.
        pipe: The reading end and the writing end of the pipe for the program's pid.
        words: What ``launcher.words`` returned for the program and the writing end.
        env: The environment.
        output: A descriptor for the program's output; None for /dev/null.
    """
    reading, writing = pipe
    try:
        return Program(argv, start_child(lambda: _become(words, env, output)), reading)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def _become(words: Sequence[str], env: Mapping[str, str], output: int | None) -> None:
    """Become the program; if that fails, write the reason where the program's output goes."""
    try:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which Python ignores
        _allow_open_files()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        for stream in (1, 2):
            os.dup2(null if output is None else output, stream)
        _close_on_exec()
        if gains_capabilities_at_exec():
            # The kernel would forget that the program is to end with this process, see PR_SET_PDEATHSIG(2const). So the
            # child becomes another Python first, which gains them, and does the rest.
            command = launcher.command_of(words)
            for number in launcher.descriptors_of(words):
                os.set_inheritable(number, True)
            os.execve(command[0], command, env)  # noqa: S606 - no shell is wanted
        launcher.become(words, env)
    except BaseException as error:  # noqa: BLE001 - the reason is told, whatever it is
        reason = str(error) if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
        os.write(2, f"{reason}\n".encode())


def _allow_open_files() -> None:
    """Raise the limit on open files if mysqld cannot: it asks for one value, and keeps the limit if that is refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard <= _FILES_OF_MYSQLD:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _close_on_exec() -> None:
    """Have exec close all descriptors but the standard streams, see close_range(2)."""
    arguments = map(ctypes.c_uint, (_FIRST_OTHER, 0xFFFFFFFF, _CLOSE_RANGE_CLOEXEC))
    if ctypes.CDLL(None).syscall(_SYS_CLOSE_RANGE, *arguments) == 0:
        return
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - before Linux 5.11; the names are what is wanted
        with contextlib.suppress(OSError):
            if int(name) >= _FIRST_OTHER:
                os.set_inheritable(int(name), False)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _is_ready(descriptor: int, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else int(timeout * 1000)))
