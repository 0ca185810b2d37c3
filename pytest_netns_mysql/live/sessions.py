"""The running sessions of this user, found in /proc: no file says that a session runs, so none can be left behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_netns_mysql.live import board
from pytest_netns_mysql.live.places import place

_PROC = Path("/proc")


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
        socket: The path of the administrator's private socket, in the sandbox.
        folder: The path of the private folder, in the sandbox.
        administrator: The administrator's user and password.
        programs: The folder of the client programs that came with the server, or None.
        client_options: Options that the client programs need.
    """

    name: str
    product: str
    version: str
    label: str
    cache: str
    endpoints: list[dict[str, Any]]
    nearest: dict[str, list[Any] | None]
    socket: str
    folder: str
    administrator: dict[str, str] = field(repr=False)
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
        kind: ``pytest``, ``run`` for a command of `netns-mysql run`, or ``up`` for a standing server.
        worker: The name of the xdist worker, or ''.
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
    kind: str
    worker: str
    since: float
    command: list[str]
    topology: str
    namespaces: dict[str, str]
    servers: list[Server]
    test: dict[str, Any] | None
    accounts: list[dict[str, Any]] = field(repr=False)
    mount: str
    mount_id: int
    root: str

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
    with contextlib.suppress(OSError):
        if folder.stat().st_uid != os.geteuid():
            return
        for link in os.scandir(folder / "fd"):
            if f"memfd:{board.NAME}" in os.readlink(link.path):  # noqa: PTH115 - an entry is no Path
                facts = _read(link.path)
                # A forked child has the memory of its parent open.
                if facts is not None and facts["pid"] in (pid, _inner_pid(folder)):
                    yield _session(pid, facts)


def _read(path: str) -> dict[str, Any] | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return board.read(descriptor)
    finally:
        os.close(descriptor)


def _inner_pid(folder: Path) -> int:
    """Return the pid that a process has in its own process-id namespace, see NSpid in proc_pid_status(5)."""
    for line in (folder / "status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return 0


def _session(pid: int, facts: dict[str, Any]) -> LiveSession:
    servers = [Server(**server) for server in facts["servers"]]
    return LiveSession(**facts | {"pid": pid, "servers": servers})
