"""Connections of mysql.connector.aio whose sockets are created in a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mysql.connector.aio import MySQLConnection
from mysql.connector.constants import ClientFlag
from mysql.connector.errors import ConnectionTimeoutError

from pytest_netns_mysql.mysql.drivers.clientattributes import client_attributes
from pytest_netns_mysql.mysql.drivers.connector import refuse_pool_options
from pytest_netns_mysql.mysql.drivers.limits import limited
from pytest_netns_mysql.mysql.drivers.tlssecrets import log_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.driver import Options

_POOL = "await netns_connect_async(..., driver=mysql.connector.aio.MySQLConnectionPool, pool_size=...), since 9.4"


class NamespaceAioConnection(MySQLConnection):
    """A connection of mysql.connector.aio that opens its socket in its namespace, when it reconnects too."""

    def __init__(self, namespace: Namespace, **options: Any) -> None:
        """Describe a connection; ``connect`` opens it.

        Args:
            namespace: The namespace that sockets are created in.
            **options: The options of ``mysql.connector.aio.connect``.
        """
        self._namespace = namespace
        super().__init__(**options)

    async def connect(self) -> None:
        """Open the socket and log in; reconnect() and ping(reconnect=True) call this method, too."""
        async with self._namespace:
            await limited(
                super().connect(),
                self._connection_timeout,
                transports=lambda: transports(self),
                timeout_error=lambda: ConnectionTimeoutError(
                    errno=2003, msg=f"Can't connect to MySQL server on {self._host}:{self._port} (timed out)"
                ),
            )

    async def _do_handshake(self) -> None:
        sock: Any = self._socket
        build = sock.build_ssl_context

        def build_with_secrets(*arguments: Any, **options: Any) -> Any:
            context = build(*arguments, **options)
            log_secrets(context, self._namespace)
            return context

        sock.build_ssl_context = build_with_secrets
        await super()._do_handshake()
        handshake: Any = self._handshake
        if not handshake["capabilities"] & ClientFlag.SSL and not self._ssl_verify_cert:
            self._ssl_disabled = True  # the driver would fail where the server has no TLS

    def _add_default_conn_attrs(self) -> None:
        # The driver runs lsb_release for the name of the system, which would block the event loop for 20 to 90 ms.
        self._connection_attrs.update(client_attributes())


async def connect_by_aio(namespace: Namespace, options: Options) -> NamespaceAioConnection:
    """Open a connection from a namespace; raise ClientError if the options ask for a pool."""
    refuse_pool_options(options, remedy=_POOL)
    connection = NamespaceAioConnection(
        namespace, **{key: value for key, value in options.items() if key != "use_pure"}
    )
    await connection.connect()
    return connection


async def close(connection: Any) -> None:
    """Close a connection in its event loop."""
    await connection.close()


def transports(connection: Any) -> Iterator[Any]:
    """Yield the open transport of a connection."""
    writer = getattr(getattr(connection, "_socket", None), "_writer", None)
    if writer is not None:
        yield writer.transport
