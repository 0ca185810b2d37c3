"""What one session has on this machine: its processes, and everything that could outlive them.

A census tells a session's own things from those of the sessions and tests beside it: by a token in the environment of
its processes, by their parents, by the inodes of their namespaces, and by the folders that the session was given.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import is_alive
from tests.support.stress import IS_LONG

TOKEN = "CENSUS_TOKEN"
KINDS = ("net", "mnt", "user", "pid", "ipc", "cgroup")
LIMIT = 5.0 if IS_LONG else 20.0
"""Seconds in which nothing may be left; the short form runs beside many other tests."""
_DRAFTS = re.compile(r"\.draft-|\.unfinished$|\.sparse$|\.err$|\.sql$|\.json\.[0-9a-f]{16}$|\.part$|\.tmp$")
_OWNER = "pytest-netns-mysql.owner"
_SHARED = (Path("/dev/shm"), Path("/run"), Path("/run/netns"), Path("/run/lock"), Path("/tmp"), Path("/var/tmp"))
_HERE = {kind: os.stat(f"/proc/self/ns/{kind}").st_ino for kind in KINDS}  # noqa: PTH116 - a link of the kernel


@dataclass
class Census:
    """The things of one session, to be counted while the session runs and after its end.

    Attributes:
        folder: A new folder for the session. Its subfolders are the session's ``TMPDIR`` and ``XDG_RUNTIME_DIR``.
        cache: The session's cache folder, which may be that of others.
        with_engine: Whether the session may have containers.
        pids: Each process that was seen, with its start time.
        namespaces: The inodes of the namespaces that were seen, other than those of this process.
        interfaces: The names of the network interfaces that were seen in them.
        cgroups: The folders of the control groups that were seen, other than those of this process.
    """

    folder: Path
    cache: Path
    with_engine: bool = False
    pids: dict[int, str] = field(default_factory=dict)
    namespaces: set[int] = field(default_factory=set)
    interfaces: set[str] = field(default_factory=set)
    cgroups: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the folders, and note what there is before the session."""
        for name in ("tmp", "runtime"):
            (self.folder / name).mkdir(mode=0o700, parents=True)
        self.token = f"{self.folder.name}-{os.getpid()}-{time.time_ns()}"
        self._ended = sys.maxsize
        self._before = set(self._shared_names())
        self._drafts_before = set(self._drafts())
        self._mounts_before = set(_lines("/proc/self/mountinfo"))
        self._interfaces_before = set(_interfaces("self"))
        self._memory_before = set(_lines("/proc/sysvipc/shm"))

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the session's processes are known, and which name its folders."""
        folders = {"TMPDIR": str(self.folder / "tmp"), "XDG_RUNTIME_DIR": str(self.folder / "runtime")}
        return {TOKEN: self.token, **folders}

    def observe(self, *roots: int) -> None:
        """Note the processes of the session that run now, and what they have.

        Args:
            roots: Pids of the session's processes. Their children, and the children of these, are the session's, too.
        """
        for pid in self._running(roots):
            self.pids.setdefault(pid, _started(pid))
            for kind in KINDS:
                inode = _inode(f"/proc/{pid}/ns/{kind}")
                if inode and inode != _HERE[kind]:
                    self.namespaces.add(inode)
                    if kind == "net":
                        self.interfaces.update(_interfaces(str(pid)))
            self.cgroups.update(_cgroups(str(pid)) - _cgroups("self"))

    def left(self) -> list[str]:
        """Return what of the session is there now, a line for each thing."""
        return [
            *self._processes(),
            *self._mounts(),
            *(f"interface {name}" for name in self._new_interfaces() if name in self.interfaces),
            *self._files(),
            *self._sockets(),
            *self._memory(),
            *(f"control group {path}" for path in self.cgroups if path.exists()),
            *(self.containers() if self.with_engine else ()),
        ]

    def left_in_the_end(self, limit: float = LIMIT) -> tuple[list[str], float]:
        """Wait until nothing of the session is left; return what is left then, and the seconds that it took."""
        began = time.monotonic()
        self._ended = _now()
        while (left := self.left()) and time.monotonic() - began < limit:
            time.sleep(0.05)
        return left, time.monotonic() - began

    def kill(self) -> None:
        """Kill the processes of the session that still run."""
        for pid in self._running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _running(self, roots: tuple[int, ...] = ()) -> set[int]:
        """Return the processes that run and are the session's."""
        parents = {pid: _parent(pid) for pid in _all_pids()}
        found = {pid for pid in parents if pid in roots or self._is_own(pid)}
        while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
            found |= more
        return found - {os.getpid()}

    def _is_own(self, pid: int) -> bool:
        if pid in self.pids and _started(pid) == self.pids[pid]:
            return True
        return f"{TOKEN}={self.token}" in _text(f"/proc/{pid}/environ").split("\0")

    def _is_sweeper_of_another(self, pid: int) -> bool:
        """Return True for the sweeper of a process that is not of this session, see ``sweeper.main``."""
        words = _text(f"/proc/{pid}/cmdline").split("\0")
        named = [Path(word).name for word in words]
        return "sweeper.py" in named and int(words[named.index("sweeper.py") + 1]) not in self.pids

    def _processes(self) -> Iterator[str]:
        for pid in _all_pids():
            if not is_alive(pid):
                continue
            if self._is_own(pid):
                yield f"process {_named(pid)}"
            else:
                # The kernel gives the number of a namespace that is gone to a new one. So only processes count that
                # began before the session's end and have no other parent.
                if int(_started(pid) or self._ended) >= self._ended or self._is_sweeper_of_another(pid):
                    continue
                held = {kind for kind in KINDS if _inode(f"/proc/{pid}/ns/{kind}") in self.namespaces}
                held |= {"open"} if self.namespaces & set(_open_namespaces(pid)) else set()
                if held and _parent(pid) in (1, *self.pids) and f"{TOKEN}=" not in _text(f"/proc/{pid}/environ"):
                    yield f"namespace ({', '.join(sorted(held))}) held by {_named(pid)}"

    def _mounts(self) -> Iterator[str]:
        for row in set(_lines("/proc/self/mountinfo")) - self._mounts_before:
            inodes = {int(number) for number in re.findall(r":\[(\d+)\]", row)}
            if str(self.folder) in row or inodes & self.namespaces or self._names_own_pid(row):
                yield f"mount {row}"

    def _new_interfaces(self) -> set[str]:
        return set(_interfaces("self")) - self._interfaces_before

    def _files(self) -> Iterator[str]:
        for name in ("tmp", "runtime"):
            for path in sorted((self.folder / name).rglob("*")):
                if not path.name.startswith("pytest-of-") and "pytest-of-" not in str(path):
                    yield f"file {path}"
        for path in sorted(set(self._shared_names()) - self._before):
            if self._names_own_pid(path.name) or path.name in self.interfaces or self.token in path.name:
                yield f"file {path}"
        yield from (f"draft {path}" for path in sorted(set(self._drafts()) - self._drafts_before))

    def _names_own_pid(self, text: str) -> bool:
        return any(int(number) in self.pids for number in re.findall(r"(?<![\w.])(?<=[-/.])(\d+)(?![\w:])", f"/{text}"))

    @staticmethod
    def _shared_names() -> Iterator[Path]:
        for folder in _SHARED:
            if folder.is_dir():
                yield from folder.iterdir()

    def _drafts(self) -> Iterator[Path]:
        """Yield what is half made in the session's own cache; in that of others it may be theirs."""
        if not self.cache.is_relative_to(self.folder):
            return
        for folder in (self.cache, *(self.cache / name for name in ("servers", "templates", "seeds", "states"))):
            if folder.is_dir():
                yield from (path for path in folder.iterdir() if _DRAFTS.search(path.name))

    def _sockets(self) -> Iterator[str]:
        for row in _lines("/proc/net/unix"):
            path = row.split(None, 7)[7:]
            if path and (str(self.folder) in path[0] or ("netns-mysql" in path[0] and self._names_own_pid(path[0]))):
                yield f"socket {path[0]}"

    def _memory(self) -> Iterator[str]:
        for row in set(_lines("/proc/sysvipc/shm")) - self._memory_before:
            words = row.split()
            if len(words) > 4 and words[4].isdigit() and int(words[4]) in self.pids:
                yield f"shared memory {words[1]}"

    def containers(self) -> list[str]:
        """Return the containers that processes of this session made, running or not."""
        form = f'{{{{.ID}}}} {{{{.Status}}}} {{{{.Label "{_OWNER}"}}}}'
        command = ["docker", "ps", "--all", "--no-trunc", "--filter", f"label={_OWNER}", "--format", form]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        rows = [row.rpartition(" ") for row in result.stdout.splitlines()]
        return [f"container {row}" for row, _, owner in rows if int(owner.partition("-")[0] or 0) in self.pids]


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - thousands of times


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _lines(path: str) -> list[str]:
    return _text(path).splitlines()


def _stat(pid: int) -> list[str]:
    return _text(f"/proc/{pid}/stat").rpartition(") ")[2].split()


def _parent(pid: int) -> int:
    return int((_stat(pid) or ["", "0"])[1])


def _started(pid: int) -> str:
    words = _stat(pid)
    return words[19] if words else ""


def _now() -> int:
    """Return the time as ``_started`` returns it, in clock ticks since the machine was started."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino  # noqa: PTH116
    except OSError:
        return 0


def _open_namespaces(pid: int) -> Iterator[int]:
    """Yield the inodes of the namespaces that a process has open."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115
        except OSError:
            continue
        found = re.fullmatch(r"\w+:\[(\d+)\]", target)
        if found:
            yield int(found[1])


def _interfaces(pid: str) -> set[str]:
    return {row.partition(":")[0].strip() for row in _lines(f"/proc/{pid}/net/dev")[2:]} - {"lo"}


def _cgroups(pid: str) -> set[Path]:
    rows = (row.split(":", 2) for row in _lines(f"/proc/{pid}/cgroup"))
    return {Path("/sys/fs/cgroup", row[1] or "unified", row[2].lstrip("/")) for row in rows if row[2] != "/"}


def _named(pid: int) -> str:
    words = _text(f"/proc/{pid}/cmdline").split("\0")
    return f"{pid} ({' '.join(words)[:100]})"
