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
_SHELL = b"PYTEST_NETNS_MYSQL_NAMESPACE="
_TO_TERMINATE = 1.0  # seconds, between SIGTERM and SIGKILL
_TO_KILL = 30.0  # seconds, for processes that wait for a device
_PAUSE = 0.05  # seconds
_PAUSE_OF_VISITORS = 0.5  # seconds
_LOOKS = 2


def start(mount: int, folder: int, *, visitors: str = "") -> None:
    """Start the program that ends the processes of a sandbox after this process, and return in a millisecond or two.

    The program is no child of this process, which tests might wait for, and belongs to no terminal. It must be started
    outside of the sandbox.

    Args:
        mount: A descriptor of the sandbox's mount namespace.
        folder: A descriptor of a folder in the sandbox's memory.
        visitors: What the name of an open file contains in processes that were let into the sandbox. They go on, and so
            does what they start, until they end themselves.
    """
    import contextlib

    from pytest_netns_mysql.kernel.namespaces.forking import start_child
    from pytest_netns_mysql.kernel.namespaces.privileges import CAP_SYS_CHROOT
    from pytest_netns_mysql.kernel.namespaces.syscalls import raise_ambient

    def detach() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        with contextlib.suppress(OSError):  # root has it anyway
            raise_ambient(CAP_SYS_CHROOT)  # to look at copies of this process the program needs what they have
        _detach(command, (mount, folder))

    if not sys.executable:
        return
    # -I and -S: nothing is imported that is not in the standard library.
    owner = f"{os.getpid()} {_start_time('self')}"
    command = [sys.executable, "-I", "-S", __file__, owner, str(mount), str(folder), visitors]
    child = start_child(detach)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        return  # this process ignores SIGCHLD


def _detach(command: list[str], passed: tuple[int, ...]) -> None:
    """Become the program in another child, which this process, by ending, leaves to init."""
    import posix  # not os: what tests patch is that

    if posix.fork() == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(_FIRST_OTHER):
            os.dup2(null, stream)
        for descriptor in passed:
            os.set_inheritable(descriptor, True)
        posix.execv(command[0], command)


def main() -> None:
    """Wait for the end of a process, then end the processes in its sandbox.

    The arguments are the process's pid and start time, and the descriptors that ``start`` takes.
    """
    owner, mount, folder, visitors = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    _close_others({mount, folder})
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # it ends soon after the owner, whoever is to end with the owner
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _wait_for(owner)
    # As long as this process has them open, no other sandbox gets their numbers.
    device = os.fstat(folder).st_dev
    mark = f" {os.major(device)}:{os.minor(device)} ".encode()
    if mark in _read("self", "mountinfo"):
        mark = b"the memory is not the sandbox's own"  # which nothing has mounted
    _end(lambda: _left(mark, os.fstat(mount).st_ino, visitors))


def _wait_for(owner: str) -> None:
    pid, _, began = owner.partition(" ")
    try:
        pidfd = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return  # it has ended
    except OSError:  # the kernel or a seccomp profile refuses pidfd_open(2)
        while _start_time(pid) == began:
            time.sleep(_PAUSE)
        return
    if _start_time(pid) == began:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.poll()


def _start_time(pid: str) -> str:
    """Return when a process was started, see proc_pid_stat(5): the kernel uses a pid again."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            return file.read().rpartition(b") ")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _end(look: Callable[[], tuple[set[int], bool]]) -> None:
    """Send SIGTERM to all processes in the sandbox, and SIGKILL to those that are still there a moment later."""
    asked: dict[int, float] = {}
    empty = 0  # looks in a row that found nothing: a process that was just being forked may have been overlooked
    while empty < _LOOKS:
        there, has_visitors = look()
        now = time.monotonic()
        empty = 0 if there or has_visitors else empty + 1
        for pid in there:
            passed = now - asked.setdefault(pid, now)
            if passed > _TO_KILL:
                return
            if passed > _TO_TERMINATE:
                _send(pid, signal.SIGKILL)
            elif passed == 0:
                _send(pid, signal.SIGTERM)
        time.sleep(_PAUSE_OF_VISITORS if has_visitors and not there else _PAUSE)


def _left(mark: bytes, mount: int, visitors: str) -> tuple[set[int], bool]:
    """Return the processes in the sandbox that are to be ended, and whether there are visitors."""
    there = set(_processes(mark, mount))
    if not visitors:
        return there, False
    spared = {pid for pid in there if _has_open(pid, visitors)}
    parents = {pid: _parent(pid) for pid in there}
    while more := {pid for pid in there - spared if parents[pid] in spared}:
        spared |= more
    return there - spared, bool(spared)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return  # it has ended, or is another user's


def _processes(mark: bytes, mount: int) -> Iterator[int]:
    """Yield the processes in the sandbox, but for the shells of `netns-mysql shell` and what they started.

    A process with another mount namespace, such as one of `ip netns exec`, has the sandbox's memory mounted as well.
    """
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit() and int(name) != os.getpid():
            try:
                is_inside = os.stat(f"/proc/{name}/ns/mnt").st_ino == mount or mark in _read(name, "mountinfo")  # noqa: PTH116
                if is_inside and not any(word.startswith(_SHELL) for word in _read(name, "environ").split(b"\0")):
                    yield int(name)
            except OSError:
                continue  # it has ended, or is another user's


def _has_open(pid: int, text: str) -> bool:
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]  # noqa: PTH115, PTH208
    except OSError:
        return False
    return any(text in link for link in links)


def _parent(pid: int) -> int:
    try:
        return int(_read(str(pid), "stat").rpartition(b") ")[2].split()[1])
    except OSError:
        return 0


def _read(pid: str, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123
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
