"""What a new process does to become a program that ends together with the process that asked for the program.

``become`` runs in a child of this process between fork and exec, or this file runs as a script, by `python -I -S`, so
that it imports nothing that is not in the standard library. Both get the same words: the asking process's pid, where
the program is to run, a file that the program must find empty, the mask of capabilities to drop, the listening sockets,
the descriptor for the program's pid, then the program's argv. A word that is not used is empty.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_LOWER = 3
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_CLONE_NEWPID = 0x20000000
_CLONE_PARENT = 0x00008000
_SYS_CLONE3 = 435  # on every architecture
_MS_BIND, _MS_REC, _MS_SLAVE = 0x1000, 0x4000, 0x80000
_GONE = "the process that asked for this program is gone"


def command(argv: Sequence[str], **options: Any) -> list[str]:
    """Return the command line of the script; the arguments are those of ``words``."""
    return command_of(words(argv, **options))


def command_of(words: Sequence[str]) -> list[str]:
    """Return the command line of the script for words that ``words`` returned."""
    return [sys.executable, "-I", "-S", __file__, *words]


def descriptors_of(words: Sequence[str]) -> list[int]:
    """Return the descriptors that words name: those of the position, of the sockets, and of the pipe."""
    _, position, _, _, listening, pid_pipe, *_ = words
    named = [*position.split(",", 3)[:3], *listening.split(","), pid_pipe]
    return [int(number) for number in named if number]


def words(
    argv: Sequence[str],
    *,
    position: tuple[int, int, int, str] | None = None,
    empty_file: str = "",
    dropped_capabilities: int = 0,
    listening: Sequence[int] = (),
    pid_pipe: int | None = None,
) -> list[str]:
    """Return the words by which a new process runs a program that SIGKILL ends when the calling thread ends.

    The new process must inherit each descriptor that is named here.

    Args:
        argv: The program and its arguments.
        position: Where the program runs: descriptors of a mount namespace, of the root directory and of a network
            namespace, and the working directory. By default the program runs where it is started.
        empty_file: A file that the program, in a mount namespace of its own, finds empty, see mount_namespaces(7).
        dropped_capabilities: A mask of capabilities that the program does not get, see capabilities(7).
        listening: Descriptors of listening sockets, which the program gets as sd_listen_fds(3) describes.
        pid_pipe: A descriptor. With it, the program is not the started process itself but another child of the calling
            process, and its pid is written to the descriptor. Where the kernel allows it, the program is the first
            process of a process-id namespace. All processes that the program forks then end with the program, even
            those that leave their parents, see pid_namespaces(7).
    """
    return [
        str(os.getpid()),
        "" if position is None else ",".join(map(str, position)),
        empty_file,
        f"{dropped_capabilities:x}",
        ",".join(map(str, listening)),
        "" if pid_pipe is None else str(pid_pipe),
        *argv,
    ]


def become(words: Sequence[str], env: Mapping[str, str] | None = None) -> NoReturn:
    """Prepare this process as the words say, then become the program.

    Args:
        words: What ``words`` returned.
        env: The program's environment, by default that of this process.

    Raises:
        SystemExit: That cannot be done; the reason is the exit code, as for ``sys.exit``.
    """
    parent, position, empty_file, dropped = int(words[0]), *words[1:3], int(words[3], 16)
    listening, pid_pipe, argv = words[4], words[5], list(words[6:])
    libc = ctypes.CDLL(None, use_errno=True)
    if position:
        mount, root, network, directory = position.split(",", 3)
        _enter(libc, int(mount), int(root), int(network))
        os.chdir(directory)
    if empty_file and os.path.exists(empty_file) and libc.unshare(_CLONE_NEWNS) == 0:  # noqa: PTH110 - pathlib is slow to import
        # Later mounts of the sandbox still appear here, and mounts made here do not appear in the sandbox.
        libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_SLAVE), None)
        libc.mount(b"/dev/null", os.fsencode(empty_file), None, ctypes.c_ulong(_MS_BIND), None)
    parent_pidfd = _open_parent(parent)
    if pid_pipe:
        _fork_into_pid_namespace(libc, int(pid_pipe), is_wanted=parent_pidfd >= 0)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    _exit_if_ended(parent, parent_pidfd)
    # Not os.environ: its lock may be held by a thread that a forked child does not have.
    variables = dict(os.environ if env is None else env)
    if listening:
        variables |= _pass_sockets([int(number) for number in listening.split(",")])
        variables.pop("LISTEN_FDNAMES", None)
    if dropped:
        _drop_capabilities(libc, dropped)
    # Python ignores SIGPIPE, and an ignored signal stays ignored after exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, variables)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


def _open_parent(parent: int) -> int:
    """Return a pidfd of the asking process, which reports the process's end in another process-id namespace as well.

    Return -1 where the kernel or a seccomp profile refuses pidfd_open(2). Then the parent's pid is compared instead,
    for which this process must stay in its process-id namespace.
    """
    try:
        pidfd = os.pidfd_open(parent)
    except ProcessLookupError:
        sys.exit(_GONE)
    except OSError:
        pidfd = -1
    if os.getppid() != parent:
        sys.exit(_GONE)
    return pidfd


def _exit_if_ended(parent: int, pidfd: int) -> None:
    if pidfd < 0:
        if os.getppid() != parent:
            sys.exit(_GONE)
        return
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    if poll.poll(0):
        sys.exit(_GONE)
    os.close(pidfd)


def _fork_into_pid_namespace(libc: ctypes.CDLL, pid_pipe: int, *, is_wanted: bool) -> None:
    """Continue as the first process of a process-id namespace and as a child of this process's parent.

    This process ends. If that is not wanted, or the kernel refuses, this process continues itself.
    """
    # The fields of struct clone_args, see clone(2). Without a stack of its own the child gets a copy of this one.
    arguments = (ctypes.c_uint64 * 8)(_CLONE_NEWPID | _CLONE_PARENT)
    size = ctypes.c_size_t(ctypes.sizeof(arguments))
    pid = libc.syscall(_SYS_CLONE3, arguments, size) if is_wanted else -1
    if pid != 0:
        os.write(pid_pipe, str(pid if pid > 0 else os.getpid()).encode())
    if pid > 0:
        os._exit(0)
    os.close(pid_pipe)


def _enter(libc: ctypes.CDLL, mount: int, root: int, network: int) -> None:
    """Enter the namespaces; without CAP_SYS_CHROOT this works if the process is in the mount namespace already."""
    here, there = os.stat("/proc/self/ns/mnt"), os.fstat(mount)  # noqa: PTH116 - pathlib is slow to import
    if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        _setns(libc, mount, _CLONE_NEWNS)
        # setns(2) leads to the root of the mount namespace. In a chroot the asking process has another root.
        os.fchdir(root)
        try:
            os.chroot(".")
        except PermissionError:  # see Position.enter_mount
            if not os.path.samestat(os.stat("."), os.stat("/")):  # noqa: PTH116 - pathlib is slow to import
                raise
    _setns(libc, network, _CLONE_NEWNET)
    for descriptor in (mount, root, network):
        os.close(descriptor)


def _setns(libc: ctypes.CDLL, descriptor: int, kind: int) -> None:
    if libc.setns(descriptor, kind) != 0:
        sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")


def _pass_sockets(sockets: list[int]) -> dict[str, str]:
    """Renumber the listening sockets as the program expects them: 3, 4, and so on. Their descriptors are above 2.

    Returns the variables that tell the program of them.
    """
    # In ascending order no socket is overwritten before its turn.
    for number, socket in enumerate(sorted(sockets), 3):
        if socket != number:
            os.dup2(socket, number)
            os.close(socket)
        else:
            os.set_inheritable(socket, True)
    return {"LISTEN_FDS": str(len(sockets)), "LISTEN_PID": str(os.getpid())}


def _drop_capabilities(libc: ctypes.CDLL, dropped: int) -> None:
    """Drop capabilities from all sets; exec gives root the bounding set again, and other users the ambient set."""
    for number in range(dropped.bit_length()):
        if dropped >> number & 1:
            libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_LOWER, number, 0, 0)
    header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable: first their lower 32 bits, then their upper ones.
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) == 0:
        for index in range(6):
            sets[index] &= ~(dropped >> (32 if index > 2 else 0)) & 0xFFFFFFFF
        libc.capset(header, sets)


if __name__ == "__main__":
    become(sys.argv[1:])
