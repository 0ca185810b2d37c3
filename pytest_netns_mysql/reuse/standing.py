"""A standing server: the child of the supervisor, which has the sandbox and the server, and puts it back after runs."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Literal

import msgspec

from pytest_netns_mysql import clock
from pytest_netns_mysql.kernel.fingerprint import fingerprint
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import NETWORKS_DIRECTORY, WORK_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.position import identity
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.live.board import Board
from pytest_netns_mysql.live.sessionfacts import Origin, facts_of
from pytest_netns_mysql.mysql.mysqld.kind import label
from pytest_netns_mysql.mysql.reset.readstate import read_state
from pytest_netns_mysql.mysql.reset.reset import put_back
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.reuse import messages, visitor
from pytest_netns_mysql.reuse.supervisor import REPLACE

_MIN_LIFETIME = 1.0  # seconds
_MAX_CLIENTS = 32  # that have sent no request yet
_EXIT_TIMEOUT = 5.0  # seconds, for the process of a run that has closed its connection


class StandingServer:
    """A server in a sandbox of this process, offered to one run at a time."""

    def __init__(self, order: messages.Order) -> None:
        """Make the sandbox and the network, and start the server.

        Raises:
            NetnsError: One of these cannot be made.
        """
        supervisor = os.getppid()
        self._order = order
        # A run goes on without the server, and says so.
        sandbox = Sandbox.create(order.mode, visitors=visitor.NAME)
        # Not before the sandbox is made: entering a user namespace clears the setting, see PR_SET_PDEATHSIG(2const).
        syscalls.die_with_parent(signal.SIGKILL)
        if os.getppid() != supervisor:
            sys.exit(0)
        self._network = Network(sandbox, order.topology)
        self._server = MySQLServer(order.spec(), self._network)
        self._server._start()
        self._pid = self._server._running_pid()
        self._mysqld = os.pidfd_open(self._pid)
        self._state = read_state(self._server)
        self._fingerprint = fingerprint(self._network)
        self._files = self._sandbox_files()
        self._started = clock.now()
        self._board = Board()
        origin = Origin("up", ["netns-mysql", "up"], since=self._started, known_as=supervisor)
        self._board.show(facts_of(origin, self._network, [self._server]))
        own = (Path("/proc/self/ns/user"),) if order.is_rootless else ()
        inner = sandbox.inner
        users = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in own]
        self._descriptors = [inner.network, inner.mount, inner.root, self._mysqld, *users]
        self._run: socket.socket | None = None
        # Clients that have not sent their requests yet, by descriptor, the oldest first, with the end of our patience.
        self._clients: dict[int, tuple[socket.socket, float]] = {}

    def serve(self, channel: socket.socket) -> int:
        """Answer clients until the server is ended; return the exit code of this process.

        Args:
            channel: The socket to the supervisor, which passes connections of clients on.
        """
        self._report(channel, "ready")
        while True:
            ready = self._wait(channel)
            if self._run is None and self._mysqld in ready:
                # A server that exits at once would be replaced for ever.
                return REPLACE if clock.now() - self._started > _MIN_LIFETIME else 1
            if self._run is not None and self._run.fileno() in ready:
                self._report(channel, "busy")
                if not self._put_back(self._run):
                    return REPLACE
                self._run = None
                self._report(channel, "ready")
            else:
                requests = {self._answer(self._clients.pop(number)[0]) for number in ready & self._clients.keys()}
                if "end" in requests or (channel.fileno() in ready and not self._receive(channel)):
                    return 0

    def _wait(self, channel: socket.socket) -> set[int]:
        """Wait, and return the descriptors that can be read; close clients that have sent no request in time."""
        watched = {channel.fileno(), self._mysqld if self._run is None else self._run.fileno(), *self._clients}
        poll = select.poll()
        for number in watched:
            poll.register(number, select.POLLIN)
        ends = [end for _, end in self._clients.values()]
        timeout = max(min(ends) - clock.monotonic(), 0.0) * 1000 if ends else None
        ready = {number for number, _ in poll.poll(timeout)}
        for number, (client, end) in [*self._clients.items()]:
            if number not in ready and end <= clock.monotonic():
                client.close()
                del self._clients[number]
        return ready

    def _receive(self, channel: socket.socket) -> bool:
        """Take the connection of a client from the supervisor; return False if the supervisor has ended."""
        received, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        for number in descriptors:
            if len(self._clients) == _MAX_CLIENTS:
                self._clients.pop(next(iter(self._clients)))[0].close()
            self._clients[number] = socket.socket(fileno=number), clock.monotonic() + messages.REQUEST_TIMEOUT
        return bool(received)

    def _report(self, channel: socket.socket, state: Literal["ready", "busy"]) -> None:
        channel.send(msgspec.json.encode(messages.ChildReport(state, self._pid)))

    def _answer(self, connection: socket.socket) -> str:
        """Answer the request of one client, and return the request: ``take``, ``status`` or ``end``."""
        connection.settimeout(messages.REQUEST_TIMEOUT)
        request = ""
        with contextlib.suppress(OSError):
            request = connection.recv(16).decode("ascii", "replace").strip()
            if request == "take" and self._run is None:
                messages.answer(connection, messages.Offer(self._pid, self._server.command), self._descriptors)
                self._run = connection
                return request
            messages.answer(connection, self._status())
        connection.close()
        return request

    def _status(self) -> messages.Status:
        taken_by = None if self._run is None else messages.peer_of(self._run)[0]
        topology, kind = self._order.topology, self._server._spec.kind
        return messages.Status(os.getppid(), topology.name, label(kind), self._started, taken_by)

    def _put_back(self, run: socket.socket) -> bool:
        """Put back what a run changed; return True if server, network and sandbox are as they were at the start."""
        pid, _ = messages.peer_of(run)
        run.close()
        with contextlib.suppress(ProcessLookupError):
            _wait_for_exit(pid, _EXIT_TIMEOUT)
        if self._has_foreign_processes() or self._sandbox_files() != self._files:
            return False
        try:
            is_clean = not put_back(self._server, self._state).stays
            return is_clean and fingerprint(self._network) == self._fingerprint
        except Exception:  # noqa: BLE001 - whatever went wrong, this server is replaced
            return False

    def _sandbox_files(self) -> set[Path]:
        with self._network._sandbox.entered():
            return {*WORK_DIRECTORY.iterdir(), *NETWORKS_DIRECTORY.iterdir()}

    def _has_foreign_processes(self) -> bool:
        """Return True if a process that the run started is still in one of the network's namespaces."""
        namespaces = {identity(namespace._descriptor) for namespace in self._network.values()}
        own = {os.getpid(), self._pid}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) not in own:
                with contextlib.suppress(OSError):
                    if identity(str(process / "ns/net")) in namespaces:
                        return True
        return False


def _wait_for_exit(pid: int, timeout: float) -> None:
    descriptor = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll(timeout * 1000)
    os.close(descriptor)
