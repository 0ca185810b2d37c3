"""Connections and pools of asyncmy whose sockets are created in a namespace."""

from __future__ import annotations

from ssl import CERT_NONE
from typing import TYPE_CHECKING, Any

import asyncmy.connection
import asyncmy.errors
import asyncmy.pool
from asyncmy.constants.CLIENT import SSL

from pytest_netns_mysql.mysql.drivers.asyncoptions import POOL_OPTIONS
from pytest_netns_mysql.mysql.drivers.limits import limited
from pytest_netns_mysql.mysql.drivers.tlssecrets import log_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.driver import Options


class _Connection(asyncmy.connection.Connection):  # type: ignore[misc,unused-ignore]
    """A connection of asyncmy that opens its socket in its namespace, when it reconnects too."""

    _namespace: Namespace
    _ssl_context: Any

    async def connect(self) -> Any:
        """Open the socket and log in."""
        # ping(reconnect=True) calls this method, too.
        log_secrets(self._ssl_context, self._namespace)
        async with self._namespace:
            return await limited(
                super().connect(),
                self._connect_timeout,
                transports=lambda: transports(self),
                timeout_error=lambda: asyncmy.errors.OperationalError(
                    2003, f"Can't connect to MySQL server on {self._host!r} (timed out)"
                ),
            )

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        context = self._ssl_context
        if not self.server_capabilities & SSL and context is not None and context.verify_mode == CERT_NONE:
            self._ssl_context = None  # the driver would fail where the server has no TLS
            self._client_flag &= ~SSL


class _Pool(asyncmy.pool.Pool):  # type: ignore[misc,unused-ignore]
    """A pool of asyncmy whose connections are all opened from one namespace, later ones too."""

    _namespace: Namespace

    async def fill_free_pool(self, override_min: bool) -> None:
        """Open the connections that are missing; acquire() calls this method, too, before it waits."""
        async with self._namespace:
            await super().fill_free_pool(override_min)
        for connection in self._free:
            _adopt(connection, self._namespace)


def _adopt(connection: Any, namespace: Namespace) -> None:
    """Have a connection of asyncmy's own class open its later sockets in a namespace."""
    if type(connection) is asyncmy.connection.Connection:
        connection.__class__ = _Connection
        connection._namespace = namespace


async def connect_by_asyncmy(namespace: Namespace, options: Options) -> Any:
    """Open a connection from a namespace."""
    connection = _Connection(**_with_encoded_password(options))
    connection._namespace = namespace
    await connection.connect()
    return connection


async def make_pool(namespace: Namespace, options: Options) -> Any:
    """Open a pool from a namespace, as ``asyncmy.create_pool`` does."""
    defaults = {"minsize": 1, "maxsize": 10, "echo": False, "pool_recycle": 3600}
    if options.get("ssl") is not None:
        # The pool opens connections of the driver's class, which fail where the server has no TLS.
        connection = await connect_by_asyncmy(namespace, {k: v for k, v in options.items() if k not in POOL_OPTIONS})
        options = {**options, "ssl": connection._ssl_context}
        await connection.ensure_closed()
    pool = _Pool(**{**defaults, **_with_encoded_password(options)})
    pool._namespace = namespace
    if pool.minsize:
        async with pool.cond:
            await pool.fill_free_pool(False)
    return pool


async def close(connection: Any) -> None:
    """Close a connection in its event loop."""
    await connection.ensure_closed()


def transports(connection: Any) -> Iterator[Any]:
    """Yield the open transport of a connection."""
    writer = getattr(connection, "_writer", None)  # before 0.2.13
    transport = getattr(connection, "_transport", None) or getattr(writer, "transport", None)
    if transport is not None:
        yield transport


def transports_of_pool(pool: Any) -> Iterator[Any]:
    """Yield the open transports of a pool's connections."""
    for connection in (*pool._free, *pool._used):
        yield from transports(connection)


def _with_encoded_password(options: Options) -> Options:
    """Return the options with the password as the server stores it, in UTF-8: asyncmy encodes it as Latin-1."""
    password = options.get("password")
    return {**options, "password": password.encode()} if isinstance(password, str) else options
