"""Run a program that dies with the process that asks for it.

As a script, for `python -I -S`, this file stands between fork and exec, where a function of the asking process would
be unsafe with threads. Its arguments are the asking process's pid, where the program is to run or nothing, a file that
it is to find empty or nothing, the mask of the capabilities that it is to lack, the listening sockets that it is handed
or nothing, the descriptor that its pid is written to or nothing, then the program's argv.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_LOWER = 3
_CAP_SYS_CHROOT = 18
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_CLONE_NEWPID = 0x20000000
_CLONE_PARENT = 0x00008000
_SYS_CLONE3 = 435  # on every architecture
_MS_BIND, _MS_REC, _MS_SLAVE = 0x1000, 0x4000, 0x80000


def command(
    argv: Sequence[str],
    *,
    place: tuple[int, int, int, str] | None = None,
    empty: str = "",
    without: int = 0,
    listening: Sequence[int] = (),
    told: int | None = None,
) -> list[str]:
    """Return the argv that runs ``argv`` so that it ends, by SIGKILL, when the calling thread does.

    It runs where ``place`` says: a mount namespace, the root in it and a network namespace, by descriptors that it is
    to inherit, and a directory. It alone finds the file ``empty`` empty, in a mount namespace of its own, see
    mount_namespaces(7). It lacks the capabilities of the mask ``without``, see capabilities(7). It is handed the
    sockets ``listening``, by descriptors that it is to inherit, see sd_listen_fds(3).

    With ``told``, a descriptor that it is to inherit, the program is not the started process itself but another child
    of the calling one, whose pid is written there: the first process of a process-id namespace, where the kernel lets
    it be made. Whatever it forks, even a process that leaves its parents, ends with it: see pid_namespaces(7).
    """
    words = "" if place is None else ",".join(map(str, place))
    sockets = ",".join(map(str, listening))
    pipe = "" if told is None else str(told)
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), words, empty, f"{without:x}", sockets, pipe, *argv]


def main() -> None:
    """Ask the kernel for SIGKILL at the parent's death, then become the program; see PR_SET_PDEATHSIG(2const)."""
    parent, place, empty, without = int(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4], 16)
    listening, told, argv = sys.argv[5], sys.argv[6], sys.argv[7:]
    libc = ctypes.CDLL(None, use_errno=True)
    if place:
        mount, root, network, directory = place.split(",", 3)
        _enter(libc, int(mount), int(root), int(network))
        os.chdir(directory)
    if empty and os.path.exists(empty) and libc.unshare(_CLONE_NEWNS) == 0:  # noqa: PTH110 - pathlib is slow to import
        # Mounts of the sandbox still come here, those of here go nowhere.
        libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_SLAVE), None)
        libc.mount(b"/dev/null", os.fsencode(empty), None, ctypes.c_ulong(_MS_BIND), None)
    watch = _open(parent)
    if told:
        _leave(libc, int(told))
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    _raise_if_ended(watch)
    if listening:
        _hand([int(one) for one in listening.split(",")])
    if without:
        _drop(libc, without)
    # Python ignores SIGPIPE, and exec would hand that on.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


def _open(parent: int) -> int:
    """Return a pidfd of the asking process, which tells of its end from another process-id namespace too."""
    try:
        watch = os.pidfd_open(parent)
    except OSError:
        watch = -1
    if watch < 0 or os.getppid() != parent:
        sys.exit("the process that asked for this program is gone")
    return watch


def _raise_if_ended(watch: int) -> None:
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    if poll.poll(0):
        sys.exit("the process that asked for this program is gone")
    os.close(watch)


def _leave(libc: ctypes.CDLL, told: int) -> None:
    """Go on as the first process of a process-id namespace, and a child of this one's parent; this one ends.

    Where the kernel refuses, this process goes on itself.
    """
    # The fields of struct clone_args, see clone(2); no stack is the same stack, copied.
    arguments = (ctypes.c_uint64 * 8)(_CLONE_NEWPID | _CLONE_PARENT)
    pid = libc.syscall(_SYS_CLONE3, arguments, ctypes.c_size_t(ctypes.sizeof(arguments)))
    if pid != 0:
        os.write(told, str(pid if pid > 0 else os.getpid()).encode())
    if pid > 0:
        os._exit(0)
    os.close(told)


def _enter(libc: ctypes.CDLL, mount: int, root: int, network: int) -> None:
    """Go where the program is to run; a mount namespace that this process is in already needs no capability."""
    here, there = os.stat("/proc/self/ns/mnt"), os.fstat(mount)  # noqa: PTH116 - pathlib is slow to import
    if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        _set(libc, mount, _CLONE_NEWNS)
        # The namespace's own root, which setns(2) leads to, is not ours in a chroot.
        os.fchdir(root)
        os.chroot(".")
        # What the asking process handed on for this alone.
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_LOWER, _CAP_SYS_CHROOT, 0, 0)
    _set(libc, network, _CLONE_NEWNET)
    for descriptor in (mount, root, network):
        os.close(descriptor)


def _set(libc: ctypes.CDLL, descriptor: int, kind: int) -> None:
    if libc.setns(descriptor, kind) != 0:
        sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")


def _hand(sockets: list[int]) -> None:
    """Put listening sockets, of whatever numbers above 2, where the program looks for them: at 3 and so on."""
    # In order, none lies where another is still to be taken from.
    for number, socket in enumerate(sorted(sockets), 3):
        if socket != number:
            os.dup2(socket, number)
            os.close(socket)
    os.environ |= {"LISTEN_FDS": str(len(sockets)), "LISTEN_PID": str(os.getpid())}
    os.environ.pop("LISTEN_FDNAMES", None)


def _drop(libc: ctypes.CDLL, without: int) -> None:
    """Lose capabilities for good: root gets back at exec what its bounding set has, another user what is ambient."""
    for number in range(without.bit_length()):
        if without >> number & 1:
            libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_LOWER, number, 0, 0)
    header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable, first of the lower 32 numbers, then of the others.
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) == 0:
        for place in range(6):
            sets[place] &= ~(without >> (32 if place > 2 else 0)) & 0xFFFFFFFF
        libc.capset(header, sets)


if __name__ == "__main__":
    main()
