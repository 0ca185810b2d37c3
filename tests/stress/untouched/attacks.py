"""What a process can try against the processes, files and servers of a run: an attack that is refused raises OSError.

``attempt`` runs the attacks as some user and returns those that went through.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

Attack = tuple[str, Callable[[], object]]

_PTRACE_SEIZE = 0x4206
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SYS_PIDFD_GETFD = 438
_GREETING = b"\n"  # the version of the protocol, behind the header of a packet
_PATIENCE = 0.5  # seconds
# What /proc shows of a process to its own user alone, see proc(5).
_PRIVATE = (
    "environ",
    "mem",
    "maps",
    "auxv",
    "root/run/pytest-netns-mysql",
    "cwd/.",
    "fd",
    "ns/net",
    "ns/mnt",
    "ns/user",
)


class RefusedError(OSError):
    """The kernel refused a system call that was made by ctypes."""


def on_processes(pids: Mapping[str, int]) -> Iterator[Attack]:
    """Yield attacks on the processes of a run, by their names."""
    for name, pid in pids.items():
        process = Path("/proc", str(pid))
        for part in _PRIVATE:
            yield f"look at {part} of {name}", partial(_look, process / part)
        yield f"enter the network of {name}", partial(_enter, process / "ns/net")
        yield f"trace {name}", partial(_trace, pid)
        yield f"read the memory of {name}", partial(_read_memory, pid)
        yield f"take a descriptor of {name}", partial(_take_descriptor, pid)
        yield f"send a signal to {name}", partial(os.kill, pid, signal.SIGCONT)
        yield f"limit {name}", partial(resource.prlimit, pid, resource.RLIMIT_CORE)
        yield f"slow {name}", partial(os.setpriority, os.PRIO_PROCESS, pid, 1)


def on_sockets(endpoints: Sequence[tuple[str, int]], paths: Sequence[str]) -> Iterator[Attack]:
    """Yield attempts to reach a server by its addresses, and by paths of sockets."""
    for address, port in endpoints:
        yield f"connect to {address}:{port}", partial(_connect, socket.AF_INET, (address, port))
    for path in paths:
        yield f"connect to {path}", partial(_connect, socket.AF_UNIX, path)


def on_files(paths: Sequence[str]) -> Iterator[Attack]:
    """Yield attempts to read files, and to write beside them."""
    for path in paths:
        yield f"read {path}", partial(_look, Path(path))
        yield f"write below {path}", partial(Path(path, "planted").touch)


def attempt(attacks: Sequence[Attack], uid: int, *, in_own_namespaces: bool = False) -> list[str]:
    """Return the names of the attacks that go through for a user.

    Args:
        attacks: The attacks.
        uid: The user, by number alone.
        in_own_namespaces: Whether the user first makes a user namespace, with all capabilities there, and a network.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        done: Any = ["the attacker failed"]
        with contextlib.suppress(BaseException):
            _become(uid, in_own_namespaces=in_own_namespaces)
            done = [name for name, attack in attacks if _goes_through(attack)]
        os.write(writing, json.dumps(done).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        names: list[str] = json.loads(answer.read() or '["the attacker died"]')
    os.waitpid(child, 0)
    return names


def _become(uid: int, *, in_own_namespaces: bool) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.setsid()  # in one session everybody may send SIGCONT to everybody, see kill(2)
    libc = ctypes.CDLL(None)
    libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, as after exec
    if in_own_namespaces and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        raise OSError("no namespaces for the attacker")


def _goes_through(attack: Callable[[], object]) -> bool:
    try:
        attack()
    except OSError:
        return False
    return True


def _look(path: Path) -> None:
    if path.is_dir():
        os.listdir(path)  # noqa: PTH208
    else:
        with path.open("rb") as file:
            if path.name not in ("mem", "net", "mnt", "user"):  # to open them is enough
                file.read(1)


def _enter(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    _check(ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET))


def _trace(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.ptrace(ctypes.c_long(_PTRACE_SEIZE), pid, None, None))


def _read_memory(pid: int) -> None:
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    there = (ctypes.c_size_t * 2)(0x1000, 8)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.process_vm_readv(pid, vector, ctypes.c_ulong(1), there, ctypes.c_ulong(1), ctypes.c_ulong(0))
    if result < 0 and ctypes.get_errno() != 14:  # EFAULT: it may read, and there is nothing at this address
        raise RefusedError(ctypes.get_errno(), "process_vm_readv")


def _take_descriptor(pid: int) -> None:
    process = os.pidfd_open(pid)
    _check(ctypes.CDLL(None, use_errno=True).syscall(_SYS_PIDFD_GETFD, process, 0, 0))


def _check(result: int) -> None:
    if result < 0:
        raise RefusedError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _connect(family: int, place: Any) -> None:
    """Connect and be greeted: that something else listens on the host is no fault of the run."""
    with socket.socket(family) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(place)
        if _GREETING not in connection.recv(5)[4:5]:
            raise ConnectionError("no greeting")
