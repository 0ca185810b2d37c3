"""mysql.connector connections and pools whose sockets are created in a namespace, after a reconnect too."""

from __future__ import annotations

import select
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from mysql.connector.connection import MySQLConnection
from mysql.connector.constants import CNX_POOL_ARGS, ClientFlag, ServerCmd
from mysql.connector.pooling import MySQLConnectionPool

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.mysql.drivers.clientattributes import client_attributes
from pytest_netns_mysql.mysql.drivers.tlssecrets import log_secrets

# CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_SERVER_GONE_ERROR, CR_SERVER_LOST and CR_SERVER_LOST_EXTENDED.
_NOT_READY = frozenset({2002, 2003, 2006, 2013, 2055})
_OWN_POOL = "use pytest_netns_mysql.NamespacePool(netns['red'], pool_name=..., pool_size=..., ...)"


class NamespaceConnection(MySQLConnection):
    """A mysql.connector connection that opens its socket in its namespace, when it reconnects too."""

    def __init__(self, namespace: AbstractContextManager[Any], **options: Any) -> None:
        """Connect from a namespace.

        Args:
            namespace: The namespace that sockets are created in.
            **options: The options of ``mysql.connector.connect``.
        """
        self._namespace = namespace
        self._status = 0  # the flags of the server's last answer, see the manual, "Status Flags"
        self._unanswered_commands = 0
        # Statements sent so far with COM_QUERY. Several statements of a caller in one packet count as one.
        self._queries: int = 0
        self._collected: list[str] | None = None
        super().__init__(**options)

    def __repr__(self) -> str:
        """Return who is connected from where, as pytest shows it in tracebacks."""
        namespace = getattr(self._namespace, "name", "")
        return f"<{type(self).__name__} of {self.user}{f' from {namespace}' if namespace else ''}>"

    def _handle_server_status(self, flags: int) -> None:
        self._status = flags
        super()._handle_server_status(flags)

    def _post_connection(self) -> None:
        """Prepare the session by the driver's own statements, in one round trip."""
        if self._init_command or not self._client_flags & ClientFlag.MULTI_STATEMENTS:
            super()._post_connection()
            return
        collected: list[str] = []
        self._collected = collected
        try:
            super()._post_connection()
        finally:
            self._collected = None
        for _ in self.cmd_query_iter("; ".join(collected)):
            pass
        self._queries += len(collected) - 1

    def cmd_query(self, query: str | bytes, *arguments: Any, **options: Any) -> Any:
        """Send a statement to the server, as the driver does."""
        if self._collected is not None and isinstance(query, str):
            self._collected.append(query)
            return {}
        return super().cmd_query(query, *arguments, **options)

    def _send_cmd(self, command: int, *arguments: Any, **options: Any) -> bytearray | None:
        self._unanswered_commands += 1
        self._queries += command == ServerCmd.QUERY
        try:
            answer: bytearray | None = super()._send_cmd(command, *arguments, **options)
            return answer
        finally:
            self._unanswered_commands -= 1

    @property
    def _is_idle(self) -> bool:
        """True if the connection is open, no thread waits for an answer on it, and no rows are left to be read."""
        return not self._unanswered_commands and not self.unread_result and self._is_silent()

    def _add_default_conn_attrs(self) -> None:
        self._conn_attrs |= client_attributes()

    def _open_connection(self) -> None:
        # reconnect(), ping(reconnect=True) and a pool that replaces a lost connection all call this method.
        with self._namespace:
            super()._open_connection()

    def _get_connection(self) -> Any:
        sock: Any = super()._get_connection()
        switch_to_ssl = sock.switch_to_ssl

        def switch_with_secrets(context: Any, host: str) -> None:
            log_secrets(context, self._namespace)
            switch_to_ssl(context, host)

        sock.switch_to_ssl = switch_with_secrets
        return sock

    def _is_silent(self) -> bool:
        """Return True if the server has left the connection open, without sending anything to the server.

        Between answers a server is silent. Anything that can be read then is the end of the connection.
        """
        sock = getattr(self._socket, "sock", None)
        if sock is None or sock.fileno() < 0:  # closed by this side
            return False
        poll = select.poll()
        poll.register(sock)
        return not any(event & ~select.POLLOUT for _, event in poll.poll(0))


class NamespacePool(MySQLConnectionPool):
    """A mysql.connector pool whose connections are all opened from one namespace, later ones too."""

    def __init__(self, namespace: Namespace, **options: Any) -> None:
        """Open the pool's connections.

        Args:
            namespace: The namespace that the connections are opened from.
            **options: The options of ``MySQLConnectionPool``.
        """
        self._namespace = namespace
        super().__init__(**options)

    def add_connection(self, cnx: MySQLConnectionAbstract | None = None) -> None:
        """Add a connection to the pool: the given connection, or a new one from the pool's namespace."""
        if cnx is None:
            cnx = NamespaceConnection(self._namespace, **self._cnx_config)
            cnx.pool_config_version = self._config_version
        super().add_connection(cnx)

    def close(self) -> int:
        """Close the connections that are in the pool, and return their number."""
        return self._remove_connections()


def connect_by_connector(namespace: AbstractContextManager[Any], options: dict[str, Any]) -> NamespaceConnection:
    """Open a connection from a namespace with the pure-Python implementation of mysql.connector.

    Args:
        namespace: The namespace that the connection is opened from.
        options: The options of ``mysql.connector.connect``.

    Raises:
        ClientError: The options ask for a pool.
    """
    refuse_pool_options(options)
    options.pop("use_pure", None)
    return NamespaceConnection(namespace, **options)


def refuse_pool_options(options: Mapping[str, Any], *, remedy: str = _OWN_POOL) -> None:
    """Raise ClientError for options that ask for a pool of mysql.connector's own.

    Args:
        options: The options.
        remedy: What to write instead.
    """
    for argument in CNX_POOL_ARGS:
        if argument in options:
            raise pool_error(f"{argument}=", remedy=remedy)


def pool_error(argument: str, *, remedy: str = _OWN_POOL) -> ClientError:
    """Return the error for a pool of mysql.connector's own: the process has one pool of each name for all tests.

    Args:
        argument: The argument that asks for a pool, as written, such as ``pool_name=``.
        remedy: What to write instead.
    """
    return ClientError(
        f"{argument}: a pool of mysql.connector.connect opens its later connections from any namespace, and hands "
        "connections of this test to later tests",
        remedies=[remedy],
    )


def try_connect(namespace: AbstractContextManager[Any], **options: Any) -> NamespaceConnection | None:
    """Return a connection to a server, or None if the server is not up yet.

    Args:
        namespace: The namespace that the connection is opened from.
        **options: The options of ``mysql.connector.connect``.
    """
    try:
        return NamespaceConnection(namespace, **options)
    except mysql.connector.Error as error:
        if error.errno in _NOT_READY:
            return None
        raise
