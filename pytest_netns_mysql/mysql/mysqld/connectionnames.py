"""Who opened which connection of a server, for messages about a crash."""

from __future__ import annotations

import contextlib
from typing import Any

_KNOWN_DRIVERS = ("mysql", "pymysql", "MySQLdb", "mariadb", "aiomysql", "asyncmy")


class ConnectionNames(dict[int, str]):
    """Who opened which connection of a server, by the connection's number."""

    def note(self, connection: Any, who: str) -> int | None:
        """Take note of who opened a connection, if the driver knows the connection's number without a query.

        Returns:
            The connection's number, or None.
        """
        number = _number_of(connection)
        if number is not None:
            self[number] = who
        return number


def _number_of(connection: Any) -> int | None:
    """Return the number of a connection on its server, or None for an unknown driver."""
    modules = {kind.__module__.partition(".")[0] for kind in type(connection).__mro__}
    for name in ("connection_id", "thread_id") if modules & {*_KNOWN_DRIVERS} else ():
        with contextlib.suppress(Exception):
            value = getattr(connection, name)
            number = value() if callable(value) else value
            if isinstance(number, int):
                return number
    return None
