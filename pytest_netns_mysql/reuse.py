"""A server that stays up between runs: how `netns-mysql up` offers it, and how a run takes it.

Each is offered on a UNIX socket of an abstract name, see unix(7), which is there in this network namespace, for as long
as the offering process lives: no file can be left behind.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.offers import own

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.plan import ServerPlan
    from pytest_netns_mysql.mysql.state import State
    from pytest_netns_mysql.topology.model import Topology

_CODE = Path(__file__).parent
_LENGTH = struct.Struct("!I")
_CREDENTIALS = struct.Struct("3i")  # pid, uid and gid, see SO_PEERCRED in unix(7)
_DESCRIPTORS = 5  # at most
_TIMEOUT = 10.0  # seconds: it may be booting, or putting its server back


READY = "ready"


@dataclass(frozen=True)
class Order:
    """Say what is to stay up, where it is offered, and whose end ends it: a session's ``leader``, or 0 for nobody's."""

    address: str
    topology: Topology
    plan: ServerPlan
    mode: str
    is_rootless: bool
    leader: int


@dataclass(frozen=True)
class Status:
    """Tell of a server that stays up: its process, topology, flavor and version, since when (seconds, as time.time).

    Shape: ``taken_by`` is the pid of the run that uses it, or None.
    """

    pid: int
    topology: str
    version: str
    since: float
    taken_by: int | None


@dataclass(frozen=True)
class Offer:
    """Hold what a run needs to know of the server that it takes, beside the descriptors that come with it.

    Shape: ``mysqld`` is its pid, ``command`` its command line, ``state`` what it had when it was started.
    """

    mysqld: int
    command: list[str]
    state: State


class Taken:
    """Use a server until ``close``; after it, or when this process ends in any way, it is put back for the next run."""

    def __init__(self, connection: socket.socket, offer: Offer, descriptors: list[int]) -> None:
        """Keep the connection that says so; ``descriptors`` are those of ``Offer``, in the order in which they came."""
        self.offer = offer
        self.descriptors = descriptors
        self._connection = connection

    def close(self) -> None:
        """Let the server go."""
        self._connection.close()


def address_of(plan: ServerPlan, topology: Topology, *, rootless: bool) -> str:
    """Return where a server is offered that is as this plan would have it, in a network of this topology."""
    from pytest_netns_mysql.mysql import datadir
    from pytest_netns_mysql.mysql.options import arguments

    parts = [
        f"{_CODE} {_CODE.stat().st_mtime_ns}",  # another version of this package is not to be understood
        str(rootless),
        repr(replace(topology, source="")),
        datadir.key(plan.kind, plan.initial_options()),
        *arguments(plan.complete_options()),
        repr((plan.bind_address, plan.admin_address, plan.mysqlx_bind_address)),
    ]
    if plan.load:
        from pytest_netns_mysql.mysql import seed

        parts.append(seed.key(plan))
    return f"\0{own()}{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def bring_up(topology: Topology, plan: ServerPlan, *, mode: str) -> str:
    """Start a server that stays up as long as this login session, see getsid(2); return its address when it is up.

    Raises SandboxError with what hinders. Where an equal one is up already that is an error, too.
    """
    from pytest_netns_mysql.kernel.usernamespace import needs_user_namespace

    rootless = needs_user_namespace(mode)
    address = address_of(plan, topology, rootless=rootless)
    leader = os.getsid(0)
    told = replace(plan, progress=_say_nothing)
    order = Order(address, topology, told, mode, rootless, 0 if leader == os.getpid() else leader)
    # It answers when it has nothing more to say: what stays is a process of its own, and no child of this one.
    result = subprocess.run(
        [sys.executable, "-m", "pytest_netns_mysql.daemon"],
        input=pickle.dumps(order),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        start_new_session=True,
        check=False,
    )
    said = result.stdout.decode("utf-8", "replace").splitlines()
    if said[-1:] != [READY]:
        raise SandboxError("no server comes up that would stay", where="netns-mysql up", tried=said[-12:])
    return address


def _say_nothing(_line: str) -> None:
    """Take the place of what shows progress: nobody looks."""


def take(address: str) -> Taken | None:
    """Take the server that is offered at ``address``; return None where there is none, or another run uses it."""
    connection = _connect(address)
    if connection is None:
        return None
    message, descriptors = _ask(connection, "take")
    if isinstance(message, Offer):
        return Taken(connection, message, descriptors)
    connection.close()
    return None


def ask(address: str, word: str) -> Status | None:
    """Ask the process behind an address for its ``status``, or tell it to ``end``; return None where it is gone."""
    connection = _connect(address)
    if connection is None:
        return None
    with connection:
        message, _ = _ask(connection, word)
    return message if isinstance(message, Status) else None


def _connect(address: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_TIMEOUT)
    try:
        connection.connect(address)
        if peer_of(connection)[1] == os.geteuid():
            return connection
    except OSError:
        pass
    connection.close()
    return None


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Return the pid and the uid of the process at the other end."""
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid


def _ask(connection: socket.socket, word: str) -> tuple[object, list[int]]:
    descriptors: list[int] = []
    try:
        connection.sendall(f"{word}\n".encode())
        head, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, _DESCRIPTORS)
        (length,) = _LENGTH.unpack(head)
        with connection.makefile("rb") as stream:
            # From a process of the same user, which could write to this one's memory as well.
            return pickle.loads(stream.read(length)), descriptors  # noqa: S301
    except (OSError, EOFError, struct.error, pickle.UnpicklingError):
        for descriptor in descriptors:
            os.close(descriptor)
        return None, []


def answer(connection: socket.socket, message: object, descriptors: list[int]) -> None:
    """Answer what was asked; the other side gets copies of the descriptors."""
    payload = pickle.dumps(message)
    socket.send_fds(connection, [_LENGTH.pack(len(payload))], descriptors)
    connection.sendall(payload)
