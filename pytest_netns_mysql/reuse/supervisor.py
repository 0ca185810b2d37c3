"""The supervisor of a standing server: it lets its own user in, and nobody else, and replaces the server if need be.

The supervisor stays outside of the user namespace of the sandbox, because only there the kernel tells users apart:
inside, all other users have the same uid.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from pytest_netns_mysql.reuse import messages, offerfiles, offers

REPLACE = 75  # the exit code of a child that another one is to replace, EX_TEMPFAIL of sysexits.h
_MESSAGE = 1024  # bytes, at most, of a message from the child


class Supervisor:
    """The process that listens on the socket of an offer, and passes connections on to the child that has the server.

    The calling process holds the lock of the offer.
    """

    def __init__(self, address: str, folder: int, leader: int | None, serve: Callable[[socket.socket], int]) -> None:
        """Start listening.

        Args:
            address: The name of the offer.
            folder: A descriptor of the folder of offers.
            leader: A pidfd of the leader of the login session, at whose end the server is ended; or None.
            serve: Called in each child with a socket to this process; returns the exit code of the child.
        """
        self._leader = leader
        self._serve = serve
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{address}{offers.SOCKET}", dir_fd=folder)  # left by a supervisor that was killed
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(offerfiles.path_of(folder, address))
        self._listener.listen()
        self._report = messages.ChildReport("busy")

    def run(self) -> int:
        """Fork children until one exits with another code than REPLACE, or the login session ends; return that code."""
        while True:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._report = messages.ChildReport("busy")
            child = os.fork()
            if child == 0:
                ours.close()
                self._listener.close()
                os._exit(self._serve(theirs))
            theirs.close()
            messages.close_output()
            with ours:
                code = self.watch(child, ours)
            if code != REPLACE:
                return code

    def watch(self, child: int, channel: socket.socket) -> int:
        """Pass connections on to a child until it exits, and return its exit code.

        The child is killed when the login session ends.

        Args:
            child: The pid of the child.
            channel: The socket to the child.
        """
        channel.setblocking(False)
        descriptor = os.pidfd_open(child)
        poll = select.poll()
        for watched in (descriptor, self._listener.fileno(), channel.fileno(), self._leader):
            if watched is not None:
                poll.register(watched, select.POLLIN)
        while descriptor not in (ready := dict(poll.poll())):
            if self._leader in ready:
                os.kill(child, signal.SIGKILL)
                break
            if channel.fileno() in ready:
                received = b""
                with contextlib.suppress(ConnectionResetError):  # the child has exited
                    received = channel.recv(_MESSAGE)
                if received:
                    self._report = messages.decode(received, messages.ChildReport)
                else:
                    poll.unregister(channel.fileno())
            if self._listener.fileno() in ready:
                with contextlib.suppress(OSError):
                    self._accept(child, channel)
        os.close(descriptor)
        return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def _accept(self, child: int, channel: socket.socket) -> None:
        """Greet a client of the same user and pass its connection on to the child; close all other connections."""
        connection, _ = self._listener.accept()
        with connection:
            if messages.peer_of(connection)[1] != os.geteuid():
                return
            connection.settimeout(messages.REQUEST_TIMEOUT)
            stopped = [pid for pid in (child, self._report.mysqld) if pid and _is_stopped(pid)]
            reason = f"its process {stopped[0]} is stopped (SIGSTOP)" if stopped else ""
            messages.answer(connection, messages.Greeting("stopped" if stopped else self._report.state, reason))
            if not stopped:
                socket.send_fds(channel, [b"."], [connection.fileno()])


def _is_stopped(pid: int) -> bool:
    """Return True if a process was stopped by a signal, see /proc/pid/stat in proc(5)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1] in ("T", "t")
    return False
