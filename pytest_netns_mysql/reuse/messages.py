"""The messages between a run, a standing server and its supervisor.

A message is its length, as four bytes, and JSON.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from pytest_netns_mysql import clock
from pytest_netns_mysql.topology.topology import Topology

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_LENGTH = struct.Struct("!I")
_MAX_MESSAGE = 1 << 20  # bytes
_CREDENTIALS = struct.Struct("3i")  # pid, uid and gid, see SO_PEERCRED in unix(7)
_MAX_DESCRIPTORS = 5
_Message = TypeVar("_Message")

READY = "ready"
"""The last line that the daemon prints if the server is up."""

REQUEST_TIMEOUT = 1.0
"""Seconds in which a client that has connected must send its request."""


@dataclass(frozen=True)
class Order:
    """The server that `netns-mysql up` orders from the daemon.

    Attributes:
        address: The name of the offer.
        topology: The network, and where the server listens in it.
        program: The server's program, with what it prints as its ``version_line``.
        with_mysqlx: Whether X Plugin listens where ``bind_address`` says; the rest is the topology's.
        start_timeout: In seconds.
        folder: The folder that relative paths of ``load`` start from.
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
            spec = ServerSpec._of_topology(self.topology, mysqlx=self.with_mysqlx)
            return resolve(
                spec,
                of_program(Path(self.program), self.version_line),
                cache=Path(self.cache),
                progress=ignore_progress,
                start_timeout=self.start_timeout,
            )
        finally:
            os.chdir("/")


@dataclass(frozen=True)
class Greeting:
    """The first message of a supervisor to a client.

    Attributes:
        state: ``ready`` to answer at once, ``busy`` booting or putting a server back, or ``stopped`` by a signal.
        reason: What is stopped, for the state ``stopped``.
    """

    state: Literal["ready", "busy", "stopped"]
    reason: str = ""


@dataclass(frozen=True)
class ChildReport:
    """The state of the process that has the server, which it sends to its supervisor.

    Attributes:
        state: Whether the process answers at once, or boots or puts the server back.
        mysqld: The pid of mysqld, or 0.
    """

    state: Literal["ready", "busy"]
    mysqld: int = 0


@dataclass(frozen=True)
class Status:
    """A standing server that answers.

    Attributes:
        pid: The pid of the supervisor.
        topology: The name of the topology.
        version: The flavor and version of the server.
        since: When the server was started, in seconds since the epoch.
        taken_by: The pid of the run that uses the server, or None.
    """

    pid: int
    topology: str
    version: str
    since: float
    taken_by: int | None


@dataclass(frozen=True)
class Offer:
    """The answer to a run that takes the server.

    Attributes:
        mysqld: The pid of mysqld.
        command: The command line of mysqld.
    """

    mysqld: int
    command: list[str]


@dataclass(frozen=True)
class Silent:
    """A standing server that does not answer.

    Attributes:
        pid: The pid of the supervisor.
        reason: Why the server does not answer.
    """

    pid: int
    reason: str


def ignore_progress(_line: str) -> None:
    """Drop a line of progress, where no terminal shows progress."""


def close_output() -> None:
    """Close stdin, stdout and stderr, so that the process that waits for their end goes on."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Return the pid and the uid of the process at the other end of a UNIX socket."""
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid


def receive(connection: socket.socket, timeout: float) -> tuple[bytes, list[int]]:
    """Return one message, and the file descriptors that came with it.

    Args:
        connection: The socket.
        timeout: Seconds until the whole message must be there.

    Raises:
        TimeoutError: The message is not complete in time.
        EOFError: The other side closed the connection, or sent too many file descriptors.
    """
    deadline = clock.monotonic() + timeout
    descriptors: list[int] = []
    received = b""
    size = _LENGTH.size
    try:
        while len(received) < size:
            patience = deadline - clock.monotonic()
            if patience <= 0:
                raise TimeoutError
            connection.settimeout(patience)
            flags = socket.MSG_CMSG_CLOEXEC
            part, more, _, _ = socket.recv_fds(connection, size - len(received), _MAX_DESCRIPTORS, flags)
            descriptors += more
            received += part
            if not part or len(descriptors) > _MAX_DESCRIPTORS:
                raise EOFError
            if len(received) == size == _LENGTH.size:
                size += min(_LENGTH.unpack(received)[0], _MAX_MESSAGE)
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return received[_LENGTH.size :], descriptors


def decode(message: bytes, kind: type[_Message]) -> _Message:
    """Return what a message says; raise msgspec.MsgspecError if the message is not of this kind."""
    try:
        return msgspec.json.decode(message, type=kind)
    except RecursionError as error:
        raise msgspec.DecodeError("the message is nested too deeply") from error


def answer(connection: socket.socket, message: object, descriptors: list[int] | tuple[()] = ()) -> None:
    """Send a message; the other side gets copies of the file descriptors."""
    payload = msgspec.json.encode(message)
    socket.send_fds(connection, [_LENGTH.pack(len(payload))], descriptors)
    connection.sendall(payload)
