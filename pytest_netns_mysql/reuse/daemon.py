"""The process that `netns-mysql up` starts: it makes a server, offers it to runs, and lives until the server is ended.

The process forks twice. The supervisor stays outside of the sandbox. Its child makes the sandbox with the server in it.
If the child cannot put the server back after a run, it exits: the kernel removes the sandbox, and the supervisor forks
another child.
"""

from __future__ import annotations

import functools
import os
import socket
import sys

import msgspec

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.kernel.pidfd import open_process
from pytest_netns_mysql.reuse import messages, offerfiles, offers
from pytest_netns_mysql.reuse.standing import StandingServer
from pytest_netns_mysql.reuse.supervisor import Supervisor


def main() -> None:
    """Read the order from stdin, print READY or an error, close stdout, and serve until the server is ended."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=messages.Order)
    os.umask(0o077)
    folder, lock = _lock(order.address)
    if lock is None:
        sys.exit("an equal server is up already")
    leader = _open_leader(order.leader)
    if os.fork():
        os._exit(0)  # the caller waits for this process; the child stays
    try:
        code = Supervisor(order.address, folder, leader, functools.partial(_serve, order)).run()
    finally:
        offerfiles.remove(folder, order.address)
    sys.exit(code)


def _lock(address: str) -> tuple[int, int | None]:
    """Return a descriptor of the folder of offers, and what ``offerfiles.lock`` returns."""
    while True:
        folder = _open_folder()
        try:
            return folder, offerfiles.lock(folder, address)
        except FileNotFoundError:  # the last server in the folder ended just now, and removed it
            os.close(folder)


def _open_folder() -> int:
    try:
        while (folder := offers.open_folder(make=True)) is None:
            pass  # the last server in the folder ended just now, and removed it
    except (NetnsError, OSError) as error:
        sys.exit(str(error))
    return folder


def _open_leader(pid: int) -> int | None:
    """Return a pidfd of the leader of the login session, or None if there is no session to watch."""
    try:
        leader = open_process(pid or os.getpid())
    except ProcessLookupError:
        sys.exit("the login session has ended")
    except NetnsError as error:  # nothing can be watched here
        sys.exit(str(error))
    if pid:
        return leader
    os.close(leader)
    return None


def _serve(order: messages.Order, channel: socket.socket) -> int:
    try:
        server = StandingServer(order)
        _print(messages.READY)
    except NetnsError as error:
        _print(str(error))
        return 1
    messages.close_output()
    return server.serve(channel)


def _print(text: str) -> None:
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
