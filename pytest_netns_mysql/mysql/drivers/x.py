"""X DevAPI sessions and clients whose sockets are created in a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakSet

import mysqlx
from mysqlx import protocol
from mysqlx.connection import SocketStream


class NamespaceXClient(mysqlx.Client):
    """An X DevAPI client that opens all its sessions, pooled ones included, from one namespace."""

    def __init__(
        self, namespace: AbstractContextManager[Any], settings: dict[str, Any], pooling: Mapping[str, Any]
    ) -> None:
        """Check the settings; ``get_session`` opens the first session.

        See the X DevAPI User Guide, "Connecting to a Session".

        Args:
            namespace: The namespace that the sessions are opened from.
            settings: The connection settings of ``mysqlx.get_client``.
            pooling: The pooling options of ``mysqlx.get_client``.
        """
        self._namespace = namespace
        checked = mysqlx.get_client(settings, {"pooling": dict(pooling)})
        super().__init__(checked.settings, dict(pooling))
        self._streams: WeakSet[SocketStream] = WeakSet()

    def get_session(self) -> mysqlx.Session:
        """Return a session from the pool, which opens a new connection from the client's namespace if it has none."""
        with self._namespace:
            session = _with_closing_stream(super().get_session())
        self._streams.add(session.get_connection().stream)
        return session

    def close(self) -> None:
        """Close all sessions; raise what the first failing one raises, after every socket is closed."""
        try:
            super().close()
        finally:
            for stream in self._streams:
                stream.close()


def xconnect(
    namespace: AbstractContextManager[Any], pooling: Mapping[str, Any] | None = None, **settings: Any
) -> mysqlx.Session | NamespaceXClient:
    """Open an X DevAPI session from a namespace, or return a client with a pool of sessions.

    Args:
        namespace: The namespace that the session is opened from.
        pooling: The pooling options of ``mysqlx.get_client``, which ask for a client, or None for a session.
        **settings: The connection settings of ``mysqlx.get_session``, with ``_`` for ``-``.
    """
    by_name = {**_compression(), **{key.replace("_", "-"): value for key, value in settings.items()}}
    if pooling is not None:
        return NamespaceXClient(namespace, by_name, pooling)
    with namespace:
        return _with_closing_stream(mysqlx.get_session(by_name))


def _compression() -> dict[str, Any]:
    """Return the setting without which a session fails with EOFError on Python 3.14.

    From there on the driver decompresses by the standard library, whose decompressor ends with a frame of zstd; the
    server sends several. The driver takes lz4 where it is asked for, even if that is not installed.
    """
    is_of_python = getattr(getattr(protocol, "zstd", None), "__name__", "") == "compression.zstd"
    return {"compression-algorithms": ["deflate_stream"]} if is_of_python else {}


class _ClosingStream(SocketStream):
    """A stream that closes its socket even if the server has reset the connection."""

    def close(self) -> None:
        # SocketStream.close() calls shutdown() and close() in one try block. After a reset shutdown() fails with
        # ENOTCONN, and the socket stays open until Python's ResourceWarning, which fails a test under -W error.
        sock = self._socket
        super().close()
        if sock is not None:
            sock.close()


def _with_closing_stream(session: mysqlx.Session) -> mysqlx.Session:
    session.get_connection().stream.__class__ = _ClosingStream
    return session
