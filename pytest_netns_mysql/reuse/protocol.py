"""The client's side of a standing server: take the server for a run, ask for its status, end it.

Each standing server is offered on a UNIX socket, see unix(7), in the folder of ``offers``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
from collections.abc import Callable

import msgspec

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.reuse import offers
from pytest_netns_mysql.reuse.messages import (
    Greeting,
    Offer,
    Silent,
    Status,
    decode,
    ignore_progress,
    peer_of,
    receive,
)
from pytest_netns_mysql.reuse.offerfiles import clean, path_of

_ANSWER_TIMEOUT = 1.5  # seconds, for a process that is idle
_OTHER_VERSION = "it was started by another version of pytest-netns-mysql"
_LEAST_DESCRIPTORS = 4  # those of ``Taken.descriptors``, without a user namespace
_BUSY_TIMEOUT = 10.0  # seconds, for a process that boots its server or puts it back


class Taken:
    """A standing server that this run uses, until ``close`` or the end of this process.

    After that the server is put back for the next run.

    Attributes:
        offer: The pid and the command line of mysqld.
        descriptors: The network, mount and root namespaces of the sandbox, a pidfd of mysqld, and the user namespace if
            there is one.
    """

    def __init__(self, connection: socket.socket, offer: Offer, descriptors: list[int]) -> None:
        """Take the server: the supervisor knows by the open connection that the server is in use."""
        self.offer = offer
        self.descriptors = descriptors
        self._connection = connection

    def close(self) -> None:
        """Release the server."""
        self._connection.close()


def take(address: str, *, progress: Callable[[str], None] = ignore_progress) -> Taken | None:
    """Take the standing server at an address for this run.

    Args:
        address: The name of the offer.
        progress: Gets a line if the server does not answer.

    Returns:
        The server, or None if there is none, if another run uses it, or if it does not answer.
    """
    found = _request(address, "take")
    if isinstance(found, Silent):
        progress(
            f"the standing server (pid {found.pid}) does not answer: {printable(found.reason)}; this run starts its "
            f"own server (netns-mysql down {found.pid} ends the other)"
        )
    if found is None or isinstance(found, Silent):
        return None
    connection, message, descriptors = found
    with contextlib.suppress(msgspec.MsgspecError):  # a status: another run has taken the server
        offer = decode(message, Offer)
        if len(descriptors) >= _LEAST_DESCRIPTORS:
            return Taken(connection, offer, descriptors)
    _close(connection, descriptors)
    return None


def ask(address: str, request: str) -> Status | Silent | None:
    """Send a request to the standing server at an address.

    Args:
        address: The name of the offer.
        request: ``status``, or ``end`` to end the server.

    Returns:
        The status of the server, or None if there is none.
    """
    found = _request(address, request)
    if found is None or isinstance(found, Silent):
        return found
    connection, message, descriptors = found
    pid, _ = peer_of(connection)
    _close(connection, descriptors)
    try:
        return decode(message, Status)
    except msgspec.MsgspecError:
        return Silent(pid, _OTHER_VERSION)


def end(server: Silent) -> None:
    """Kill the supervisor of a server that does not answer; the kernel then removes the server and its sandbox."""
    if server.pid:  # 0 is a process of another process-id namespace, and for kill(2) our own group
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGKILL)


def _close(connection: socket.socket, descriptors: list[int]) -> None:
    connection.close()
    for descriptor in descriptors:
        os.close(descriptor)


def _request(
    address: str, request: str, *, is_last: bool = False
) -> tuple[socket.socket, bytes, list[int]] | Silent | None:
    """Connect to a supervisor and send a request; once more if a server that was ready does not answer.

    Args:
        address: The name of the offer.
        request: The request.
        is_last: Whether not to send the request once more.

    Returns:
        The open connection, the answer, and the descriptors that came with the answer; None if nothing of ours listens.
    """
    folder = offers.open_folder()
    if folder is None:
        return None
    connection = socket.socket(socket.AF_UNIX)
    patience = _ANSWER_TIMEOUT
    connection.settimeout(patience)
    pid, was_ready = 0, False
    try:
        connection.connect(path_of(folder, address))
        pid, uid = peer_of(connection)
        if uid != os.geteuid():
            raise PermissionError(uid)
        greeting = decode(receive(connection, patience)[0], Greeting)
        if greeting.state != "stopped":
            was_ready = greeting.state == "ready"
            patience = _ANSWER_TIMEOUT if was_ready else _BUSY_TIMEOUT
            connection.sendall(f"{request}\n".encode())
            return connection, *receive(connection, patience)
        found: Silent | None = Silent(pid, greeting.reason)
    except (TimeoutError, BlockingIOError):
        found = Silent(pid, f"no answer within {patience:g} s") if pid else None
    except ConnectionRefusedError:
        found = None
        clean(folder, address)
    except msgspec.MsgspecError:
        found = Silent(pid, _OTHER_VERSION)
    except (OSError, EOFError, struct.error):
        found = None
    finally:
        os.close(folder)
    connection.close()
    # It may have begun to put the server back when it had greeted us, and takes its time.
    is_late = was_ready and isinstance(found, Silent) and found.reason != _OTHER_VERSION
    return _request(address, request, is_last=True) if is_late and not is_last else found
