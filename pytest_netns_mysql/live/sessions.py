"""The running sessions of this user, found in /proc: no file says that a session runs, so none can be left behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import msgspec

from pytest_netns_mysql.live import board
from pytest_netns_mysql.live.places import place

_PROC = Path("/proc")


class ShownEndpoint(TypedDict):
    """An endpoint of a server."""

    kind: str
    address: str
    port: int
    namespace: str


class ShownAccount(TypedDict):
    """An account of the running test; ``server`` is the name of the server's fixture."""

    server: str
    user: str
    host: str
    password: str
    schema: str | None


class ShownTest(TypedDict):
    """A running test; the namespace is None for the host's network."""

    id: str
    namespace: str | None
    since: float


@dataclass(frozen=True)
class Server:
    """A running server of a session.

    Attributes:
        name: The name of its fixture.
        product: The product's name, such as ``MySQL``.
        version: The version, such as ``9.7.4``.
        label: The start of the names of its data directories in the cache, such as ``mysql-9.7.4``.
        cache: The cache folder that it started from.
        endpoints: Where it listens, each with ``kind``, ``address``, ``port`` and ``namespace``.
        nearest: Address and port that a client in a namespace connects to, by the namespace's name; or None.
        folder: The path of the private folder, in the sandbox.
        administrator: The options with which client programs are the administrator.
        programs: The folder of the client programs that came with the server, or None.
        client_options: Options that the client programs need.
    """

    name: str
    product: str
    version: str
    label: str
    cache: str
    endpoints: list[ShownEndpoint]
    nearest: dict[str, tuple[str, int] | None]
    folder: str
    administrator: dict[str, str | int] = field(repr=False)
    programs: str | None
    client_options: dict[str, str]

    @property
    def title(self) -> str:
        """Product and version, such as ``MySQL 9.7.4``."""
        return f"{self.product} {self.version}"

    @property
    def places(self) -> list[str]:
        """The endpoints for people, such as ``192.0.2.2:3306/red``."""
        return [place(**endpoint) for endpoint in self.endpoints]


@dataclass(frozen=True)
class LiveSession:
    """A process that has a sandbox, as it shows itself.

    Attributes:
        pid: The process.
        known_as: The pid for people; of a standing server the one that `netns-mysql ls` shows.
        kind: ``pytest``, ``run`` for a command of `netns-mysql run`, or ``up`` for a standing server.
        worker: The name of the xdist worker, or ''.
        namespace: The namespace that a command of `netns-mysql run` stands in; '' for others.
        since: When the session began, in seconds since the epoch.
        command: The command line.
        topology: The name of the topology in force.
        namespaces: The file of each namespace, in the sandbox.
        servers: The running servers in this network.
        test: The running test with ``id``, ``namespace`` and ``since``; None between tests.
        accounts: The accounts of the running test, with their passwords.
        mount: Where the mount namespace is below /proc/PID.
        mount_id: The inode of the mount namespace.
        root: Where the root directory is below /proc/PID.
    """

    pid: int
    known_as: int
    kind: str
    worker: str
    namespace: str
    since: float
    command: list[str]
    topology: str
    namespaces: dict[str, str]
    servers: list[Server]
    test: ShownTest | None
    accounts: list[ShownAccount] = field(repr=False)
    mount: str
    mount_id: int
    root: str

    @property
    def place(self) -> str | None:
        """The namespace of the running test, or of the command of `netns-mysql run`; None if there is none."""
        return self.test["namespace"] if self.test is not None else self.namespace or None

    @property
    def process(self) -> Path:
        """The folder of the process in /proc."""
        return _PROC / str(self.pid)


def sessions() -> list[LiveSession]:
    """Return the running sessions of this user, the oldest first; a process with several shows the newest."""
    found = {}
    for pid in sorted(int(name) for name in os.listdir(_PROC) if name.isdigit()):  # noqa: PTH208 - only the names
        own = sorted(_of_process(pid), key=lambda each: each.since)
        if own:
            found[pid] = own[-1]
    return sorted(found.values(), key=lambda each: (each.since, each.pid))


def _of_process(pid: int) -> Iterator[LiveSession]:
    """Yield what a process shows of itself; a process of another user, or one that has just ended, shows nothing."""
    folder = _PROC / str(pid)
    try:
        links = os.listdir(folder / "fd") if folder.stat().st_uid == os.geteuid() else []  # noqa: PTH208 - only names
    except OSError:
        return
    for link in links:
        with contextlib.suppress(OSError):  # closed meanwhile
            session = _behind(pid, folder, f"{folder}/fd/{link}")
            if session is not None:
                yield session


def _behind(pid: int, folder: Path, link: str) -> LiveSession | None:
    """Return the session that is shown behind a descriptor of a process, or None."""
    facts = _read(link) if f"memfd:{board.NAME} " in os.readlink(link) else None  # noqa: PTH115 - quicker
    # A forked child has the memory of its parent open.
    if facts is None or facts.get("pid") not in (pid, _inner_pid(folder)):
        return None
    known_as = pid if facts.get("known_as") == facts["pid"] else facts.get("known_as")
    try:
        return msgspec.convert({**facts, "pid": pid, "known_as": known_as}, LiveSession)
    except (msgspec.ValidationError, RecursionError, UnicodeError):  # of another version of this package, or no board
        return None


def _read(path: str) -> dict[str, object] | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # The folder in /proc is root's for a process that is not dumpable, or that runs a setuid program. Who made the
        # memory says whose session it is: root must not enter what another user made up.
        is_own = os.fstat(descriptor).st_uid == os.geteuid()
        return board.read(descriptor) if is_own else None
    finally:
        os.close(descriptor)


def _inner_pid(folder: Path) -> int:
    """Return the pid that a process has in its own process-id namespace, see NSpid in proc_pid_status(5)."""
    for line in (folder / "status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return 0
