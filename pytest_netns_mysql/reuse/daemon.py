"""The process behind `netns-mysql up`: it holds a sandbox and a server, offers them, and puts them back after each run.

A supervisor stays outside. Its child makes the sandbox and lives with it; where something in it cannot be put back the
child ends, all of it is gone with it, and the supervisor starts another.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.kernel.fingerprint import fingerprint
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.position import identity
from pytest_netns_mysql.kernel.namespaces.sandbox import NETWORKS_DIRECTORY, WORK_DIRECTORY, Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.mysqld.kind import label
from pytest_netns_mysql.mysql.reset.reading import read
from pytest_netns_mysql.mysql.reset.reset import put_back
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.reuse import messages, offerfiles, offers

_START_OVER = 75  # the child's exit code, EX_TEMPFAIL of sysexits.h
_SHORTEST = 1.0  # seconds
_MESSAGE = 1024  # bytes, at most, of what a child tells its supervisor
_PATIENCE = 1.0  # seconds, for somebody who connects and asks nothing
_EXIT = 5.0  # seconds, for the process of a run that has let go


def main() -> None:
    """Read the order from stdin, say on stdout what hinders, or that the server is up, then serve until the end."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=messages.Order)
    os.umask(0o077)
    folder = _folder()
    held = offerfiles.lock(folder, order.address)
    if held is None:
        sys.exit("it is up already")
    leader = _watch(order.leader)
    if os.fork():
        os._exit(0)  # who started it waits for this process, and what stays is another
    try:
        code = Supervisor(order, folder, leader).run()
    finally:
        offerfiles.remove(folder, order.address)
    sys.exit(code)


def _folder() -> int:
    try:
        folder = offers.open_folder(make=True)
    except (NetnsError, OSError) as error:
        sys.exit(str(error))
    if folder is None:
        sys.exit(f"{offers.folder()} is gone")
    return folder


def _watch(leader: int) -> int | None:
    """Return a pidfd of the session's leader, or None where there is none to watch."""
    if not leader:
        return None
    try:
        return os.pidfd_open(leader)
    except ProcessLookupError:
        sys.exit("the login session has ended")


def _await_end(pid: int, timeout: float) -> None:
    descriptor = os.pidfd_open(pid)
    ends = select.poll()
    ends.register(descriptor, select.POLLIN)
    ends.poll(timeout * 1000)
    os.close(descriptor)


def _be_quiet() -> None:
    """Let go of the pipe to the process that waits to be told: nobody reads what comes later."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _serve(order: messages.Order, channel: socket.socket) -> int:
    try:
        server = StandingServer(order)
        _say(messages.READY)
    except NetnsError as error:
        _say(str(error))
        return 1
    _be_quiet()
    return server.serve(channel)


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


class Supervisor:
    """What stays outside of the sandbox: it lets its own user in, and nobody else, and has a server started anew.

    Only outside of a user namespace do other users have names of their own: in it all of them show as one.
    """

    def __init__(self, order: messages.Order, folder: int, leader: int | None) -> None:
        """Listen; ``leader`` is a pidfd of the login session's leader. The calling process holds the offer's name."""
        self._order = order
        self._leader = leader
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{order.address}{offers.SOCKET}", dir_fd=folder)  # of one that was killed
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(offerfiles.path_of(folder, order.address))
        self._listener.listen()
        self._report = Report("busy")

    def run(self) -> int:
        """Have a child serve until the session ends, or the child does for good; return the exit code."""
        while True:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._report = Report("busy")
            child = os.fork()
            if child == 0:
                ours.close()
                self._listener.close()
                os._exit(_serve(self._order, its))
            its.close()
            _be_quiet()
            with ours:
                code = self._watch(child, ours)
            if code != _START_OVER:
                return code

    def _watch(self, child: int, channel: socket.socket) -> int:
        """Pass on who connects until the child ends, and return its exit code; end it when the login session does."""
        channel.setblocking(False)
        descriptor = os.pidfd_open(child)
        ends = select.poll()
        for one in (descriptor, self._listener.fileno(), channel.fileno(), self._leader):
            if one is not None:
                ends.register(one, select.POLLIN)
        while descriptor not in (ready := dict(ends.poll())):
            if self._leader in ready:
                os.kill(child, signal.SIGKILL)
                break
            if channel.fileno() in ready:
                said = b""
                with contextlib.suppress(ConnectionResetError):  # by a child that has ended
                    said = channel.recv(_MESSAGE)
                if said:
                    self._report = msgspec.json.decode(said, type=Report)
                else:
                    ends.unregister(channel.fileno())
            if self._listener.fileno() in ready:
                with contextlib.suppress(OSError):
                    self._let_in(child, channel)
        os.close(descriptor)
        return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def _let_in(self, child: int, channel: socket.socket) -> None:
        connection, _ = self._listener.accept()
        with connection:
            if messages.peer_of(connection)[1] != os.geteuid():
                return
            connection.settimeout(_PATIENCE)
            stopped = [pid for pid in (child, self._report.mysqld) if pid and _is_stopped(pid)]
            why = f"the process {stopped[0]} of it is stopped (SIGSTOP)" if stopped else ""
            messages.answer(connection, messages.Greeting("stopped" if stopped else self._report.state, why))
            if not stopped:
                socket.send_fds(channel, [b"."], [connection.fileno()])


@dataclass(frozen=True)
class Report:
    """What a child tells its supervisor: whether it listens, or boots and puts back, and the pid of its mysqld."""

    state: Literal["ready", "busy"]
    mysqld: int = 0


def _is_stopped(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1] in ("T", "t")
    return False


class StandingServer:
    """Offer one server, to one run at a time."""

    def __init__(self, order: messages.Order) -> None:
        """Make the sandbox, the network, the server; raise what these raise."""
        supervisor = os.getppid()
        self._order = order
        sandbox = Sandbox.create(order.mode)
        # Only now: what a user namespace does to a process's capabilities clears it, see PR_SET_PDEATHSIG(2const).
        syscalls.die_with_parent(signal.SIGKILL)
        if os.getppid() != supervisor:
            sys.exit(0)
        self._network = Network(sandbox, order.topology)
        self._server = MySQLServer(order.spec(), self._network)
        self._server.start()
        self._pid = self._server.running_pid()
        self._mysqld = os.pidfd_open(self._pid)
        self._state = read(self._server)
        self._shape = fingerprint(self._network)
        self._files = self._entries()
        self._since = time.time()
        own = (Path("/proc/self/ns/user"),) if order.is_rootless else ()
        inner = sandbox.inner
        users = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in own]
        self._descriptors = [inner.network, inner.mount, inner.root, self._mysqld, *users]
        self._run: socket.socket | None = None

    def serve(self, channel: socket.socket) -> int:
        """Answer until the end; return the exit code."""
        self._tell(channel, "ready")
        while True:
            watched = select.poll()
            watched.register(channel, select.POLLIN)
            watched.register(self._mysqld if self._run is None else self._run, select.POLLIN)
            ready = dict(watched.poll())
            if self._run is None and self._mysqld in ready:
                # One that ends by itself as soon as it is up would do so for ever.
                return _START_OVER if time.time() - self._since > _SHORTEST else 1
            if self._run is not None and self._run.fileno() in ready:
                self._tell(channel, "busy")
                if not self._put_back(self._run):
                    return _START_OVER
                self._run = None
                self._tell(channel, "ready")
            elif channel.fileno() in ready:
                said, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
                if not said or any(self._meet(socket.socket(fileno=one)) == "end" for one in descriptors):
                    return 0

    def _tell(self, channel: socket.socket, state: Literal["ready", "busy"]) -> None:
        channel.send(msgspec.json.encode(Report(state, self._pid)))

    def _meet(self, connection: socket.socket) -> str:
        """Do what somebody asks whom the supervisor has let in, and return it."""
        connection.settimeout(_PATIENCE)
        word = ""
        with contextlib.suppress(OSError):
            word = connection.recv(16).decode("ascii", "replace").strip()
            if word == "take" and self._run is None:
                messages.answer(connection, messages.Offer(self._pid, self._server.command), self._descriptors)
                self._run = connection
                return word
            messages.answer(connection, self._status())
        connection.close()
        return word

    def _status(self) -> messages.Status:
        taken_by = None if self._run is None else messages.peer_of(self._run)[0]
        topology, kind = self._order.topology, self._server.plan.kind
        return messages.Status(os.getppid(), topology.name, label(kind), self._since, taken_by)

    def _put_back(self, run: socket.socket) -> bool:
        """Put back what the run left; tell whether all is as at first."""
        pid, _ = messages.peer_of(run)
        run.close()
        with contextlib.suppress(ProcessLookupError):
            _await_end(pid, _EXIT)
        if self._others_are_here() or self._entries() != self._files:
            return False
        try:
            return not put_back(self._server, self._state).stays and fingerprint(self._network) == self._shape
        except Exception:  # noqa: BLE001 - whatever hinders: another is started
            return False

    def _entries(self) -> set[Path]:
        with self._network.sandbox.entered():
            return {*WORK_DIRECTORY.iterdir(), *NETWORKS_DIRECTORY.iterdir()}

    def _others_are_here(self) -> bool:
        """Tell whether a process that the run started stands in one of the namespaces still."""
        own = {identity(namespace.descriptor) for namespace in self._network.values()}
        known = {os.getpid(), self._pid}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) not in known:
                with contextlib.suppress(OSError):
                    if identity(str(process / "ns/net")) in own:
                        return True
        return False


if __name__ == "__main__":
    main()
