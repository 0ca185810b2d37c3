"""What a driver is here: whichever library it is, its connections are born in a namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from asyncio import BaseTransport
    from collections.abc import Iterable

    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace

Driver = str | Callable[..., Any]
"""A driver's name, or a function or class that opens a connection."""

Place = AbstractContextManager[Any]
"""A namespace, which a ``with`` block enters."""

Options = dict[str, Any]


class AnyDriver(Protocol):
    """What each driver says of itself."""

    @property
    def label(self) -> str:
        """The driver's own name, for errors, such as ``PyMySQL``."""
        ...

    @property
    def endpoint_kind(self) -> str:
        """The kind of endpoint that the driver connects to: ``mysql`` or ``mysqlx``."""
        ...

    @property
    def chooses_tls(self) -> bool:
        """True if this plugin decides whether a connection uses TLS, where the caller does not say it."""
        ...

    @property
    def has_known_options(self) -> bool:
        """True if common names of options can be used."""
        ...

    def with_common_names(self, options: Mapping[str, Any]) -> Options:
        """Return options by their common names, such as ``database`` for ``db``; unchanged for an unknown driver.

        Raises ClientError if an option is given twice, by two names.
        """
        ...


class SyncDriver(AnyDriver, Protocol):
    """A driver that is not asynchronous."""

    def connect(self, namespace: Place, options: Mapping[str, Any]) -> Any:
        """Open a connection from a namespace; sockets that the connection opens later are created there, too.

        Args:
            namespace: The namespace that the connection is opened from.
            options: The options, by common names or the driver's own.

        Raises:
            ClientError: The driver is not installed or does not take an option, or its connections cannot be kept in a
                namespace.
        """
        ...


class AsyncDriver(AnyDriver, Protocol):
    """A driver whose connections are opened by ``await``."""

    @property
    def needs_asyncio(self) -> bool:
        """True if the driver works in an event loop of asyncio alone, and not in trio's."""
        ...

    async def connect(self, namespace: Namespace, options: Mapping[str, Any]) -> Any:
        """Open a connection from a namespace; sockets that the connection opens later are created there, too.

        The arguments and errors are those of ``SyncDriver.connect``.
        """
        ...

    async def close(self, connection: Any) -> None:
        """Close a connection in its own event loop, as the driver's documentation says it."""
        ...

    def transports(self, connection: Any) -> Iterable[BaseTransport]:
        """Return the transports of asyncio that a connection has open."""
        ...

    def mark_closed(self, connection: Any) -> None:
        """Have a connection know that its transports were closed."""
        ...
