"""Connections and pools of aiomysql whose sockets are created in a namespace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiomysql

from pytest_netns_mysql.mysql.drivers.limits import limited
from pytest_netns_mysql.mysql.drivers.tlssecrets import log_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.driver import Options


class _Connection(aiomysql.Connection):  # type: ignore[misc,unused-ignore]
    """A connection of aiomysql that opens its socket in its namespace, when it reconnects too."""

    _namespace: Namespace

    async def _connect(self) -> None:
        # ping(reconnect=True) calls this method, too.
        log_secrets(self._ssl_context, self._namespace)
        async with self._namespace:
            await limited(
                super()._connect(),
                self.connect_timeout,
                transports=lambda: transports(self),
                timeout_error=lambda: aiomysql.OperationalError(
                    2003, f"Can't connect to MySQL server on {self._host!r} (timed out)"
                ),
            )


class _Pool(aiomysql.Pool):  # type: ignore[misc,unused-ignore]
    """A pool of aiomysql whose connections are all opened from one namespace, later ones too."""

    _namespace: Namespace

    async def _fill_free_pool(self, override_min: bool) -> None:
        # acquire() calls this method, too, before it waits.
        async with self._namespace:
            await super()._fill_free_pool(override_min)
        for connection in self._free:
            _adopt(connection, self._namespace)


def _adopt(connection: Any, namespace: Namespace) -> None:
    """Have a connection of aiomysql's own class open its later sockets in a namespace."""
    if type(connection) is aiomysql.Connection:
        connection.__class__ = _Connection
        connection._namespace = namespace


async def connect_by_aiomysql(namespace: Namespace, options: Options) -> Any:
    """Open a connection from a namespace."""
    connection = _Connection(**_with_encoded_password(options))
    connection._namespace = namespace
    await connection._connect()
    return connection


async def make_pool(namespace: Namespace, options: Options) -> Any:
    """Open a pool from a namespace, as ``aiomysql.create_pool`` does."""
    defaults = {"minsize": 1, "maxsize": 10, "echo": False, "pool_recycle": -1, "loop": asyncio.get_running_loop()}
    pool = _Pool(**{**defaults, **_with_encoded_password(options)})
    pool._namespace = namespace
    if pool.minsize:
        async with pool._cond:
            await pool._fill_free_pool(False)
    return pool


async def close(connection: Any) -> None:
    """Close a connection in its event loop."""
    await connection.ensure_closed()


def transports(connection: Any) -> Iterator[Any]:
    """Yield the open transport of a connection."""
    if connection._writer is not None:
        yield connection._writer.transport


def transports_of_pool(pool: Any) -> Iterator[Any]:
    """Yield the open transports of a pool's connections."""
    for connection in (*pool._free, *pool._used):
        yield from transports(connection)


def _with_encoded_password(options: Options) -> Options:
    """Return the options with the password as the server stores it, in UTF-8: aiomysql encodes it as Latin-1."""
    password = options.get("password")
    return {**options, "password": password.encode().decode("latin-1")} if isinstance(password, str) else options
