"""A server that stays up between runs: how `netns-mysql up` offers it, and how a run takes it.

Each is offered on a UNIX socket, see unix(7), in a folder that nobody but its user can search: see ``offers``. What is
said on it is JSON, each message behind its length.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.reuse import offers
from pytest_netns_mysql.reuse.messages import (
    READY,
    Greeting,
    Offer,
    Order,
    Silent,
    Status,
    peer_of,
    receive,
    say_nothing,
)
from pytest_netns_mysql.reuse.offerfiles import clean, path_of
from pytest_netns_mysql.topology.model import Topology

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

_CODE = Path(__file__).parent.parent
_AT_ONCE = 1.5  # seconds, for what a process that is idle says
_WHEN_READY = 10.0  # seconds, where it says that it boots, or puts its server back
_MAKING = 300.0  # seconds beside netns_start_timeout: it may make a data directory first

_T = TypeVar("_T")


class Taken:
    """A server in use until ``close``; after it, or when this process ends in any way, it is put back for the next."""

    def __init__(self, connection: socket.socket, offer: Offer, descriptors: list[int]) -> None:
        """Keep the connection that says so; ``descriptors`` are those of ``Offer``, in the order in which they came."""
        self.offer = offer
        self.descriptors = descriptors
        self._connection = connection

    def close(self) -> None:
        """Let the server go."""
        self._connection.close()


def address_of(spec: ResolvedSpec, topology: Topology, *, rootless: bool) -> str:
    """Return the name of the offer of a server that is as this plan would have it, in a network of this topology."""
    from pytest_netns_mysql.mysql.dialects.options import arguments
    from pytest_netns_mysql.mysql.mysqld import template

    parts = [
        *code(),
        str(rootless),
        repr(replace(topology, source="")),
        template.key(spec.kind, spec.initial_options()),
        *arguments(spec.complete_options()),
        repr(spec.addresses),
    ]
    if spec.load:
        from pytest_netns_mysql.mysql.seed import seed

        parts.append(seed.key(spec))
    return hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]


def code() -> list[str]:
    """Return what tells this code from that of another version or state of the package, which is not understood."""

    def files(folder: str) -> Iterator[str]:
        with os.scandir(folder) as scan:
            for entry in scan:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"
                elif entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                    yield from files(entry.path)

    from importlib import metadata

    try:
        version = metadata.version("pytest-netns-mysql")
    except metadata.PackageNotFoundError:  # a folder on PYTHONPATH
        version = ""
    return [version, *sorted(files(str(_CODE)))]


def bring_up(topology: Topology, spec: ResolvedSpec, *, mode: str) -> str:
    """Start a server that stays up as long as this login session, see getsid(2); return its address when it is up.

    Raises SandboxError with what hinders. Where an equal one is up already that is an error, too.
    """
    from pytest_netns_mysql.kernel.namespaces.usernamespace import needs_user_namespace

    rootless = needs_user_namespace(mode)
    address = address_of(spec, topology, rootless=rootless)
    raise_if_up(address)
    leader = os.getsid(0)
    order = Order(
        address,
        topology,
        program=spec.kind.name,
        version_line=spec.kind.version_line,
        cache=str(spec.cache),
        mode=mode,
        is_rootless=rootless,
        folder=str(Path.cwd()),
        leader=0 if leader == os.getpid() else leader,
        with_mysqlx=spec.mysqlx_bind_address is not None and topology.mysqld.mysqlx_bind_address is None,
        start_timeout=spec.start_timeout,
    )
    timeout = _MAKING + spec.start_timeout
    try:
        # It answers when it has nothing more to say: what stays is a process of its own, and no child of this one.
        result = subprocess.run(
            [sys.executable, "-m", "pytest_netns_mysql.reuse.daemon"],
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            check=False,
            timeout=timeout,
        )
        said = result.stdout.decode("utf-8", "replace").splitlines()
    except subprocess.TimeoutExpired:
        said = [f"it was not up after {timeout:g} seconds"]
    if said[-1:] != [READY]:
        raise SandboxError("no server comes up that would stay", where="netns-mysql up", tried=said[-12:])
    return address


def raise_if_up(address: str) -> None:
    """Raise SandboxError where such a server is up already, or where one that is does not answer."""
    found = ask(address, "status")
    if found is None:
        return
    why = f", but does not answer: {found.why}" if isinstance(found, Silent) else ""
    raise SandboxError(
        f"no server comes up that would stay: it is up already (pid {found.pid}){why}",
        where="netns-mysql up",
        remedies=[f"netns-mysql down {found.pid} ends it"],
    )


def take(address: str, *, progress: Callable[[str], None] = say_nothing) -> Taken | None:
    """Take the server that is offered at ``address``; return None where there is none, or another run uses it.

    Where the server does not answer that is None, too, after a moment, and ``progress`` gets a line about it.
    """
    met = _meet(address, "take")
    if isinstance(met, Silent):
        progress(
            f"the server that stays up (pid {met.pid}) does not answer: {met.why}; this run has one of its own "
            f"(netns-mysql down {met.pid} ends the other)"
        )
    if met is None or isinstance(met, Silent):
        return None
    connection, message, descriptors = met
    try:
        return Taken(connection, msgspec.json.decode(message, type=Offer), descriptors)
    except msgspec.MsgspecError:
        _close(connection, descriptors)
        return None


def ask(address: str, word: str) -> Status | Silent | None:
    """Ask the process behind an address for its ``status``, or tell it to ``end``; return None where it is gone."""
    met = _meet(address, word)
    if met is None or isinstance(met, Silent):
        return met
    connection, message, descriptors = met
    _close(connection, descriptors)
    try:
        return msgspec.json.decode(message, type=Status)
    except msgspec.MsgspecError:
        return None


def end(silent: Silent) -> None:
    """End a server that does not answer: SIGKILL for its supervisor, and all of it is gone with that."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(silent.pid, signal.SIGKILL)


def _close(connection: socket.socket, descriptors: list[int]) -> None:
    connection.close()
    for descriptor in descriptors:
        os.close(descriptor)


def _meet(address: str, word: str) -> tuple[socket.socket, bytes, list[int]] | Silent | None:
    """Connect to a supervisor, say a word, return the answer and the descriptors that came with it."""
    folder = offers.open_folder()
    if folder is None:
        return None
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_AT_ONCE)
    pid = 0
    try:
        connection.connect(path_of(folder, address))
        pid, uid = peer_of(connection)
        if uid != os.geteuid():
            raise PermissionError(uid)
        greeting = msgspec.json.decode(receive(connection, _AT_ONCE)[0], type=Greeting)
        if greeting.state != "stopped":
            connection.sendall(f"{word}\n".encode())
            return connection, *receive(connection, _AT_ONCE if greeting.state == "ready" else _WHEN_READY)
        found: Silent | None = Silent(pid, greeting.why)
    except (TimeoutError, BlockingIOError):
        found = Silent(pid, f"no word within {_AT_ONCE:g} s") if pid else None
    except ConnectionRefusedError:
        found = None
        clean(folder, address)
    except (OSError, EOFError, struct.error, msgspec.MsgspecError):
        found = None
    finally:
        os.close(folder)
    connection.close()
    return found
