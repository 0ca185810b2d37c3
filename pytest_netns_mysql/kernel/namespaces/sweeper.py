"""The end of what is left in a sandbox when the process that owns the sandbox has ended in any way.

A program that a test started and left running would keep the sandbox, with its networks and its memory. `start` starts
this file as a program of its own, which imports nothing of this package and does nothing before the owner has ended.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator

_FIRST_OTHER = 3  # the first descriptor behind those of the standard streams
SPARED = "PYTEST_NETNS_MYSQL_SPARED"
"""The environment variable of programs that go on when the owner ends: the inode of the sandbox's mount namespace."""
_TO_TERMINATE = 1.0  # seconds, between SIGTERM and SIGKILL
_TO_KILL = 30.0  # seconds, for processes that wait for a device
_PAUSE = 0.05  # seconds
_PAUSE_OF_VISITORS = 0.5  # seconds
_LOOKS = 2


def start(mount: int, folder: int, *, visitors: str = "") -> int | None:
    """Start the program that ends the processes of a sandbox after this process, and return in a millisecond or two.

    The program is no child of this process, which tests might wait for, and belongs to no terminal. It must be started
    outside of the sandbox. Where no further process can be started, a sandbox has none.

    Args:
        mount: A descriptor of the sandbox's mount namespace.
        folder: A descriptor of a folder in the sandbox's memory.
        visitors: What the name of a mapped file contains in processes that were let into the sandbox. They go on, and
            so does what they start, until they end themselves.

    Returns:
        A descriptor to be closed with the sandbox: if nobody is in the sandbox then, the program ends. None if no
        program was started.
    """
    import contextlib

    from pytest_netns_mysql.kernel.namespaces.forking import start_child
    from pytest_netns_mysql.kernel.namespaces.privileges import CAP_SYS_CHROOT
    from pytest_netns_mysql.kernel.namespaces.syscalls import raise_ambient

    def detach() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        with contextlib.suppress(OSError):  # root has it anyway
            raise_ambient(CAP_SYS_CHROOT)  # to look at copies of this process the program needs what they have
        _detach(command, passed)

    # The kernel ends all processes of a process-id namespace with the first. A /proc of another one has other numbers.
    if not sys.executable or os.getpid() == 1 or os.readlink("/proc/self") != str(os.getpid()):  # noqa: PTH115
        return None
    try:
        owner = os.pidfd_open(os.getpid())
    except OSError:  # the kernel or a seccomp profile refuses pidfd_open(2)
        owner = -1
    closed, open_end = os.pipe()
    passed = tuple(number for number in (owner, mount, folder, closed) if number >= 0)
    # -I and -S: nothing is imported that is not in the standard library.
    words = [os.getpid(), _start_time("self"), owner, mount, folder, closed, visitors]
    command = [sys.executable, "-I", "-S", __file__, *map(str, words)]
    try:
        child = start_child(detach)
    except OSError:
        os.close(open_end)
        return None
    finally:
        for number in (owner, closed):
            if number >= 0:
                os.close(number)
    with contextlib.suppress(ChildProcessError):  # this process ignores SIGCHLD
        os.waitpid(child, 0)
    return open_end


def _detach(command: list[str], passed: tuple[int, ...]) -> None:
    """Become the program in another child, which this process, by ending, leaves to init."""
    import posix  # not os: what tests patch is that

    if posix.fork() == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(_FIRST_OTHER):
            if stream not in passed:  # as where a standard stream of this process was closed
                os.dup2(null, stream)
        for descriptor in passed:
            os.set_inheritable(descriptor, True)
        posix.execv(command[0], command)


def main() -> None:
    """Wait for the end of a process, then end the processes in its sandbox.

    The arguments are the process's pid and start time, its pidfd or -1, the descriptors that ``start`` takes, one that
    reports the end of the sandbox, and the visitors.
    """
    pid, began, *numbers = sys.argv[1:-1]
    owner, mount, folder, closed = map(int, numbers)
    _close_others({owner, mount, folder, closed})
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # it ends soon after the owner, whoever is to end with the owner
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # As long as this process has them open, no other sandbox gets their numbers.
    sandbox = SandboxProcesses(os.fstat(mount).st_ino, os.fstat(folder).st_dev, sys.argv[-1])
    if _wait_for_end(owner, lambda: _start_time(pid) != began, closed, lambda: sandbox.is_empty(pid)):
        _end(sandbox)


def _wait_for_end(owner: int, has_ended: Callable[[], bool], closed: int, is_empty: Callable[[], bool]) -> bool:
    """Return True when the owner has ended, and False when the sandbox was closed before, and nobody is in it.

    Args:
        owner: The owner's pidfd, or -1.
        has_ended: Returns True if the owner has ended; it is asked again and again where there is no pidfd.
        closed: The reading end of a pipe, whose other end is closed with the sandbox.
        is_empty: Returns True if nobody is in the sandbox.
    """
    poll = select.poll()
    poll.register(closed, 0)
    if owner >= 0:
        poll.register(owner, select.POLLIN)
    while True:
        ready = {number for number, _ in poll.poll(None if owner >= 0 else _PAUSE * 1000)}
        if owner in ready or (owner < 0 and has_ended()):
            return True
        if closed in ready:
            if is_empty():
                return False
            poll.unregister(closed)


def _start_time(pid: str) -> str:
    """Return when a process was started, or "" if it has ended, see proc_pid_stat(5): the kernel uses a pid again."""
    try:
        words = _read(pid, "stat").rpartition(b") ")[2].split()
        state, threads, began = words[0], words[17], words[19]
    except (OSError, IndexError):
        return ""
    return "" if state == b"Z" and int(threads) <= 1 else began.decode()


class SandboxProcesses:
    """The processes in a sandbox, but for those that have ``SPARED``, and what they started with it.

    These are the shells of `netns-mysql shell`, and the process that removes the containers of a run.
    """

    def __init__(self, mount: int, device: int, visitors: str) -> None:
        """Describe the sandbox by the inode of its mount namespace and the device of its memory."""
        self._mount = mount
        self._spared = f"{SPARED}={mount}".encode()
        self._visitors = visitors
        self._device = f"{os.major(device)}:{os.minor(device)}".encode()
        if self._has_mounted("self"):
            self._device = b"the memory is not the sandbox's own"  # which nothing has mounted

    def left(self) -> tuple[set[int], bool]:
        """Return the processes that are to be ended, and whether there are visitors."""
        there = {int(name) for name in self._names() if self._holds(name)}
        spared = {pid for pid in there if self._is_visitor(pid)}
        parents = {pid: _parent(pid) for pid in there}
        while more := {pid for pid in there - spared if parents[pid] in spared}:
            spared |= more
        return there - spared, bool(spared)

    def may_end(self, pid: int) -> bool:
        """Return True if a process is in the sandbox, and is no visitor itself."""
        return self._holds(str(pid)) and not self._is_visitor(pid)

    def is_empty(self, owner: str) -> bool:
        """Return True if no process is in the sandbox, no shell either, and no thread of the owner."""
        for _ in range(_LOOKS):
            threads = (f"{owner}/task/{thread}" for thread in _listed(f"/proc/{owner}/task"))
            if any(self._is_inside(name) for name in (*threads, *self._names())):
                return False
            time.sleep(_PAUSE)
        return True

    @staticmethod
    def _names() -> Iterator[str]:
        return (name for name in _listed("/proc") if name.isdigit() and int(name) != os.getpid())

    def _holds(self, pid: str) -> bool:
        """Return True if a process is in the sandbox, and neither to be spared nor another user's."""
        try:
            environment = _read(pid, "environ").split(b"\0") if self._is_inside(pid) else None
        except OSError:
            return False
        return environment is not None and self._spared not in environment

    def _is_inside(self, pid: str) -> bool:
        """Return True if a process is in the sandbox's mount namespace, or has the sandbox's memory in another one.

        A process of `ip netns exec` has a mount namespace of its own.
        """
        try:
            return os.stat(f"/proc/{pid}/ns/mnt").st_ino == self._mount or self._has_mounted(pid)  # noqa: PTH116
        except OSError:
            return False  # it has ended, or is another user's

    def _is_visitor(self, pid: int) -> bool:
        if not self._visitors:
            return False
        try:
            return self._visitors.encode() in _read(str(pid), "maps")
        except OSError:
            return False  # it has ended

    def _has_mounted(self, pid: str) -> bool:
        text = _read(pid, "mountinfo")
        # The third word of each line, see proc_pid_mountinfo(5): what is mounted may be called as the device is.
        return self._device in text and any(line.split(b" ", 3)[2] == self._device for line in text.splitlines())


def _end(sandbox: SandboxProcesses) -> None:
    """Send SIGTERM to all processes in the sandbox, and SIGKILL to those that are still there a moment later."""
    asked: dict[int, float] = {}
    empty = 0  # looks in a row that found nothing: a process that was just being forked may have been overlooked
    while empty < _LOOKS:
        there, has_visitors = sandbox.left()
        now = time.monotonic()
        empty = 0 if there or has_visitors else empty + 1
        for pid in there:
            passed = now - asked.setdefault(pid, now)
            if passed > _TO_KILL:
                return
            if passed > _TO_TERMINATE:
                _send(pid, signal.SIGKILL, sandbox)
            elif passed == 0:
                _send(pid, signal.SIGTERM, sandbox)
        time.sleep(_PAUSE_OF_VISITORS if has_visitors and not there else _PAUSE)


def _send(pid: int, number: signal.Signals, sandbox: SandboxProcesses) -> None:
    """Send a signal to a process of the sandbox, and to no other process that the kernel has given its pid since."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except OSError:
        process = -1
    try:
        if not sandbox.may_end(pid):
            return
        try:
            signal.pidfd_send_signal(process, number)
        except ProcessLookupError:
            return
        except OSError:  # this call is refused as well, or there is no descriptor
            os.kill(pid, number)
    except OSError:
        return  # it has ended, or is another user's
    finally:
        if process >= 0:
            os.close(process)


def _parent(pid: int) -> int:
    try:
        return int(_read(str(pid), "stat").rpartition(b") ")[2].split()[1])
    except OSError:
        return 0


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _read(pid: str, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
        return file.read()


def _close_others(kept: set[int]) -> None:
    """Close what this process has inherited: a pipe, for example, whose reader waits for its end."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) >= _FIRST_OTHER and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # that of the listing


if __name__ == "__main__":
    main()
