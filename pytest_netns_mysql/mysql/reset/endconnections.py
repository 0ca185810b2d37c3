"""Ending connections on a server, and waiting until they have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.mysqld.processlist import connections
from pytest_netns_mysql.mysql.waiting import becomes_true

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.processlist import Connection

CLOSING = 0.02
"""Seconds in which the server notices that a client closed a connection."""
ENDING = 2.0
"""Seconds in which a killed connection ends."""
_PAUSE = 0.0005  # seconds


def await_ends(
    server: Instance, are_open: Callable[[Iterable[Connection]], bool], timeout: float
) -> frozenset[Connection]:
    """Wait until connections have ended. The server lists a connection until the connection's thread has run again.

    Args:
        server: The server.
        are_open: Returns True while one of the connections is among those listed.
        timeout: The longest wait, in seconds. A timeout is not an error.

    Returns:
        The connections of clients at the end of the wait.
    """
    now: frozenset[Connection] = frozenset()

    def have_ended() -> bool:
        nonlocal now
        now = connections(server._administrator)
        return not are_open(now)

    becomes_true(have_ended, timeout=timeout, pause=_PAUSE)
    return now


def end_connections(server: Instance, numbers: set[int]) -> None:
    """End connections by KILL, and wait until they have released their locks."""
    if numbers:
        server._administrator.end_connections(numbers)
        await_ends(server, lambda now: any(connection.number in numbers for connection in now), ENDING)
