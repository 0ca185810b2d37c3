"""Pools of mysql.connector.aio whose connections are opened in a namespace. The driver has pools since 9.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mysql.connector.aio.pooling import MySQLConnectionPool

from pytest_netns_mysql.mysql.drivers.aio import NamespaceAioConnection, connect_by_aio, transports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.driver import Options


class NamespaceAioPool(MySQLConnectionPool):
    """A pool of mysql.connector.aio whose connections are all opened from one namespace, later ones too.

    Attributes:
        connections: The connections that the pool has opened, those in use as well.
    """

    def __init__(self, namespace: Namespace, **options: Any) -> None:
        """Describe a pool; ``initialize_pool`` opens its connections.

        Args:
            namespace: The namespace that the connections are opened from.
            **options: The options of ``MySQLConnectionPool``.
        """
        self._namespace = namespace
        self.connections: list[NamespaceAioConnection] = []
        super().__init__(**options)

    async def set_config(self, **options: Any) -> None:
        """Set the options of connections, after a connection was opened with them."""
        connection = await connect_by_aio(self._namespace, options)
        await connection.close()
        self._cnx_config = options
        self._config_version = uuid4()

    async def add_connection(self, cnx: Any = None) -> None:
        """Add a connection to the pool: the given connection, or a new one from the pool's namespace."""
        if cnx is None and self._cnx_config and not self._cnx_queue.full():
            cnx = await connect_by_aio(self._namespace, self._cnx_config)
            cnx.pool_config_version = self._config_version
            self.connections.append(cnx)
        await super().add_connection(cnx)


async def make_pool(namespace: Namespace, options: Options) -> NamespaceAioPool:
    """Open a pool from a namespace."""
    pool = NamespaceAioPool(namespace, **options)
    await pool.initialize_pool()
    return pool


async def close_pool(pool: NamespaceAioPool) -> None:
    """Close a pool in its event loop, with the connections that are in use."""
    for connection in pool.connections:
        await connection.close()


def transports_of_pool(pool: NamespaceAioPool) -> Iterator[Any]:
    """Yield the open transports of a pool's connections."""
    for connection in pool.connections:
        yield from transports(connection)
