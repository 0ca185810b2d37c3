"""The process behind `netns-mysql up`: it holds a sandbox and a server, offers them, and puts them back after each run.

A supervisor stays outside. Its child makes the sandbox and lives with it; where something in it cannot be put back the
child ends, all of it is gone with it, and the supervisor starts another.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import select
import signal
import socket
import sys
import time
from pathlib import Path

from pytest_netns_mysql import reuse
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.kernel import syscalls
from pytest_netns_mysql.kernel.fingerprint import fingerprint
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.position import identity
from pytest_netns_mysql.kernel.sandbox import NETWORKS_DIRECTORY, WORK_DIRECTORY, Sandbox
from pytest_netns_mysql.mysql.kind import label
from pytest_netns_mysql.mysql.reset import put_back
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.state import read

_START_OVER = 75  # the child's exit code, EX_TEMPFAIL of sysexits.h
_SHORTEST = 1.0  # seconds
_PATIENCE = 1.0  # seconds, for somebody who connects and asks nothing
_EXIT = 5.0  # seconds, for the process of a run that has let go


def main() -> None:
    """Read the order from stdin, say on stdout what hinders, or that the server is up, then serve until the end."""
    order: reuse.Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(order.address)
    except OSError as error:
        sys.exit("it is up already" if error.errno == errno.EADDRINUSE else str(error))
    listener.listen()
    leader = _watch(order.leader)
    if os.fork():
        os._exit(0)  # who started it waits for this process, and what stays is another
    while True:
        child = os.fork()
        if child == 0:
            os._exit(_serve(order, listener))
        _be_quiet()
        code = _outcome(child, leader)
        if code != _START_OVER:
            sys.exit(code)


def _watch(leader: int) -> int | None:
    """Return a pidfd of the session's leader, or None where there is none to watch."""
    if not leader:
        return None
    try:
        return os.pidfd_open(leader)
    except ProcessLookupError:
        sys.exit("the login session has ended")


def _outcome(child: int, leader: int | None) -> int:
    """Return the child's exit code when it ends; end it, and return 0, when the login session does."""
    descriptor = os.pidfd_open(child)
    ends = select.poll()
    for one in (descriptor, leader):
        if one is not None:
            ends.register(one, select.POLLIN)
    if descriptor not in dict(ends.poll()):
        os.kill(child, signal.SIGKILL)
    os.close(descriptor)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return max(code, 0)


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


def _serve(order: reuse.Order, listener: socket.socket) -> int:
    try:
        server = StandingServer(order)
        _say(reuse.READY)
    except NetnsError as error:
        _say(str(error))
        return 1
    _be_quiet()
    return server.serve(listener)


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


class StandingServer:
    """Offer one server, to one run at a time."""

    def __init__(self, order: reuse.Order) -> None:
        """Make the sandbox, the network, the server; raise what these raise."""
        supervisor = os.getppid()
        self._order = order
        sandbox = Sandbox.create(order.mode)
        # Only now: what a user namespace does to a process's capabilities clears it, see PR_SET_PDEATHSIG(2const).
        syscalls.die_with_parent(signal.SIGKILL)
        if os.getppid() != supervisor:
            sys.exit(0)
        self._network = Network(sandbox, order.topology)
        self._server = MySQLServer(order.plan, self._network)
        self._server.start()
        self._mysqld = os.pidfd_open(self._server.pid or 0)
        self._state = read(self._server)
        self._shape = fingerprint(self._network)
        self._files = self._entries()
        self._since = time.time()
        own = (Path("/proc/self/ns/user"),) if order.is_rootless else ()
        inner = sandbox.inner
        users = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in own]
        self._descriptors = [inner.network, inner.mount, inner.root, self._mysqld, *users]
        self._run: socket.socket | None = None

    def serve(self, listener: socket.socket) -> int:
        """Answer until the end; return the exit code."""
        while True:
            watched = select.poll()
            watched.register(listener, select.POLLIN)
            watched.register(self._mysqld if self._run is None else self._run, select.POLLIN)
            ready = dict(watched.poll())
            if self._run is None and self._mysqld in ready:
                # One that ends by itself as soon as it is up would do so for ever.
                return _START_OVER if time.time() - self._since > _SHORTEST else 1
            if self._run is not None and self._run.fileno() in ready:
                if not self._put_back(self._run):
                    return _START_OVER
                self._run = None
            elif listener.fileno() in ready and self._meet(listener.accept()[0]) == "end":
                return 0

    def _meet(self, connection: socket.socket) -> str:
        """Do what somebody asks, and return it."""
        connection.settimeout(_PATIENCE)
        word = ""
        with contextlib.suppress(OSError):
            if reuse.peer_of(connection)[1] == os.geteuid():
                word = connection.recv(16).decode("ascii", "replace").strip()
            if word == "take" and self._run is None:
                offer = reuse.Offer(self._server.pid or 0, self._server.command, self._state)
                reuse.answer(connection, offer, self._descriptors)
                self._run = connection
                return word
            reuse.answer(connection, self._status(), [])
        connection.close()
        return word

    def _status(self) -> reuse.Status:
        taken_by = None if self._run is None else reuse.peer_of(self._run)[0]
        topology, plan = self._order.topology, self._order.plan
        return reuse.Status(os.getppid(), topology.name, label(plan.kind), self._since, taken_by)

    def _put_back(self, run: socket.socket) -> bool:
        """Put back what the run left; tell whether all is as at first."""
        pid, _ = reuse.peer_of(run)
        run.close()
        with contextlib.suppress(ProcessLookupError):
            _await_end(pid, _EXIT)
        if self._others_are_here() or self._entries() != self._files:
            return False
        return not put_back(self._server, self._state).stays and fingerprint(self._network) == self._shape

    def _entries(self) -> set[Path]:
        with self._network.sandbox.entered():
            return {*WORK_DIRECTORY.iterdir(), *NETWORKS_DIRECTORY.iterdir()}

    def _others_are_here(self) -> bool:
        """Tell whether a process that the run started stands in one of the namespaces still."""
        own = {identity(namespace.descriptor) for namespace in self._network.values()}
        known = {os.getpid(), self._server.pid}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) not in known:
                with contextlib.suppress(OSError):
                    if identity(str(process / "ns/net")) in own:
                        return True
        return False


if __name__ == "__main__":
    main()
