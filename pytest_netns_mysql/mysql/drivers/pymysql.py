"""PyMySQL connections whose sockets are created in a namespace."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pymysql

from pytest_netns_mysql.mysql.drivers.tlssecrets import log_secrets


def connect_by_pymysql(
    namespace: AbstractContextManager[Any], options: dict[str, Any], base: type | None = None
) -> Any:
    """Open a PyMySQL connection from a namespace; the connection reconnects from there, too.

    Args:
        namespace: The namespace that the connection is opened from.
        options: PyMySQL's options.
        base: The class that the connection's class is derived from, by default PyMySQL's own.
    """

    class Connection(base or pymysql.connections.Connection):  # type: ignore[misc,unused-ignore]
        _read_timeout: float | None

        def connect(self, sock: Any = None) -> None:
            # connect_timeout ends when the socket is connected. A server that never sends its greeting would be
            # waited for without a limit, so the same time limits the reading, too.
            log_secrets(getattr(self, "ctx", None), namespace)
            read_timeout, self._read_timeout = self._read_timeout, self._read_timeout or self.connect_timeout
            try:
                with namespace:
                    super().connect(sock)
            finally:
                self._read_timeout = read_timeout

    return Connection(**with_encoded_password(options))


def with_encoded_password(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with the password in UTF-8, as the server stores it: PyMySQL would encode it as Latin-1."""
    password = options.get("password")
    return {**options, "password": password.encode()} if isinstance(password, str) else options
