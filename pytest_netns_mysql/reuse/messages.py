"""What a run and a server that stays up say to each other: JSON, each message behind its length."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from pytest_netns_mysql.topology.model import Topology

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_LENGTH = struct.Struct("!I")
_LONGEST = 1 << 20  # bytes of a message
_CREDENTIALS = struct.Struct("3i")  # pid, uid and gid, see SO_PEERCRED in unix(7)
_DESCRIPTORS = 5  # at most

READY = "ready"


@dataclass(frozen=True)
class Order:
    """What is to stay up, where it is offered, and whose end ends it.

    Attributes:
        address: The name of the offer.
        topology: The network, and where the server listens in it.
        program: The server's program, with what it prints as its ``version_line``.
        with_mysqlx: Whether X Plugin listens where ``bind_address`` says; the rest is the topology's.
        start_timeout: In seconds.
        folder: Where what the topology loads is sought.
        leader: The pid of the login session's leader, or 0 for nobody.
    """

    address: str
    topology: Topology
    program: str
    version_line: str
    cache: str
    mode: str
    is_rootless: bool
    folder: str
    leader: int
    with_mysqlx: bool
    start_timeout: float

    def spec(self) -> ResolvedSpec:
        """Return the server's configuration; raise LoadError if something to load does not exist."""
        from pytest_netns_mysql.mysql.choice import of_program
        from pytest_netns_mysql.mysql.mysqld.resolved import resolve
        from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

        with contextlib.suppress(OSError):
            os.chdir(self.folder)
        try:
            spec = ServerSpec.of_topology(self.topology, mysqlx=self.with_mysqlx)
            return resolve(
                spec,
                of_program(Path(self.program), self.version_line),
                cache=Path(self.cache),
                progress=say_nothing,
                start_timeout=self.start_timeout,
            )
        finally:
            os.chdir("/")


@dataclass(frozen=True)
class Greeting:
    """What a supervisor says of its server to everybody who connects; ``why`` is for a server that is stopped."""

    state: Literal["ready", "busy", "stopped"]
    why: str = ""


@dataclass(frozen=True)
class Status:
    """A server that stays up.

    Attributes:
        pid: The pid of its supervisor.
        topology: The name of its topology.
        version: Its flavor and version.
        since: When it was started, in seconds, as time.time.
        taken_by: The pid of the run that uses it, or None.
    """

    pid: int
    topology: str
    version: str
    since: float
    taken_by: int | None


@dataclass(frozen=True)
class Offer:
    """What a run needs to know of the server that it takes: the pid of mysqld, and its command line."""

    mysqld: int
    command: list[str]


@dataclass(frozen=True)
class Silent:
    """A server that stays up and does not answer; ``pid`` is its supervisor's."""

    pid: int
    why: str


def say_nothing(_line: str) -> None:
    """Take the place of what shows progress: nobody looks."""


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Return the pid and the uid of the process at the other end."""
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid


def receive(connection: socket.socket, timeout: float) -> tuple[bytes, list[int]]:
    """Return one message, whole within ``timeout`` seconds, and the descriptors that came with it."""
    deadline = time.monotonic() + timeout
    descriptors: list[int] = []
    found = b""
    wanted = _LENGTH.size
    try:
        while len(found) < wanted:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            part, more, _, _ = socket.recv_fds(connection, wanted - len(found), _DESCRIPTORS)
            descriptors += more
            found += part
            if not part:
                raise EOFError
            if len(found) == wanted == _LENGTH.size:
                wanted += min(_LENGTH.unpack(found)[0], _LONGEST)
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return found[_LENGTH.size :], descriptors


def answer(connection: socket.socket, message: object, descriptors: list[int] | tuple[()] = ()) -> None:
    """Send a message; the other side gets copies of the descriptors."""
    payload = msgspec.json.encode(message)
    socket.send_fds(connection, [_LENGTH.pack(len(payload))], descriptors)
    connection.sendall(payload)
