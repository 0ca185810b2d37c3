"""Connections by the C extension of mysql.connector, whose sockets are created in a namespace."""

from __future__ import annotations

from typing import Any

from mysql.connector.connection_cext import CMySQLConnection

from pytest_netns_mysql.mysql.drivers.connector import refuse_pool_options
from pytest_netns_mysql.mysql.drivers.driver import Options, Place


class NamespaceCConnection(CMySQLConnection):
    """A connection by the C extension that opens its socket in its namespace, when it reconnects too.

    The C library creates the socket in the calling thread, so it is the thread's namespace that counts.
    """

    def __init__(self, namespace: Place, **options: Any) -> None:
        """Connect from a namespace.

        Args:
            namespace: The namespace that sockets are created in.
            **options: The options of ``mysql.connector.connect``.
        """
        self._namespace = namespace
        super().__init__(**options)

    def _open_connection(self) -> None:
        # reconnect(), ping(reconnect=True) and a pool that replaces a lost connection all call this method.
        with self._namespace:
            super()._open_connection()


def connect_by_c_extension(namespace: Place, options: Options) -> NamespaceCConnection:
    """Open a connection from a namespace with the C extension of mysql.connector.

    Raises ClientError if the options ask for a pool.
    """
    refuse_pool_options(options)
    return NamespaceCConnection(namespace, **{key: value for key, value in options.items() if key != "use_pure"})
