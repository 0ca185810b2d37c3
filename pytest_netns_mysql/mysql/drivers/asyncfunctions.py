"""Asynchronous drivers that are passed as functions, known ones and unknown ones."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers import asyncnamed
from pytest_netns_mysql.mysql.drivers.asynchronous import discard, driver_name
from pytest_netns_mysql.mysql.drivers.limits import found_transports
from pytest_netns_mysql.mysql.drivers.loaded import loaded
from pytest_netns_mysql.mysql.drivers.reconnecting import all_methods, with_methods
from pytest_netns_mysql.mysql.drivers.stepping import Stepping

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.asyncnamed import NamedAsyncDriver
    from pytest_netns_mysql.mysql.drivers.driver import AsyncDriver, Options

_NAMED_FUNCTIONS = (
    ("mysql.connector.aio", "connect", asyncnamed.AIO),
    ("mysql.connector.aio", "MySQLConnectionPool", asyncnamed.AIO_POOL),
    ("aiomysql", "connect", asyncnamed.AIOMYSQL),
    ("aiomysql", "create_pool", asyncnamed.AIOMYSQL_POOL),
    ("asyncmy", "connect", asyncnamed.ASYNCMY),
    ("asyncmy", "create_pool", asyncnamed.ASYNCMY_POOL),
)


@dataclass(frozen=True, eq=False)
class AsyncFunctionDriver:
    """An asynchronous function that opens a connection.

    Attributes:
        function: The function.
    """

    function: Callable[..., Any]
    endpoint_kind = "mysql"
    chooses_tls = False
    has_known_options = False
    needs_asyncio = False

    @property
    def label(self) -> str:
        """The driver's own name, for errors."""
        return driver_name(self.function)

    def with_common_names(self, options: Mapping[str, Any]) -> Options:
        """Return the options as they are."""
        return dict(options)

    async def connect(self, namespace: Namespace, options: Mapping[str, Any]) -> Any:
        """Open a connection from a namespace; see ``AsyncDriver``."""
        async with namespace:
            with namespace:
                opening = self.function(**options)
            if not inspect.isawaitable(opening):
                discard(opening)
                raise ClientError(
                    f"driver={self.label} returned {type(opening).__name__}, which cannot be awaited",
                    remedies=[
                        "pass a coroutine function that returns an open connection",
                        "for a function that is not asynchronous: netns_connect(..., driver=...)",
                    ],
                )
            connection = await Stepping(opening, namespace)
        methods = {
            name: _entering(method, namespace)
            for name, method in all_methods(type(connection))
            if not inspect.isasyncgenfunction(method)
        }
        return with_methods(connection, methods, self.function)

    async def close(self, connection: Any) -> None:
        """Close a connection in its event loop."""
        close = getattr(connection, "ensure_closed", None) or getattr(connection, "close", None)
        returned = close() if callable(close) else None
        if inspect.isawaitable(returned):
            await returned

    def transports(self, connection: Any) -> Iterable[asyncio.BaseTransport]:
        """Return the transports that are found in the attributes of a connection."""
        return found_transports(connection)

    def mark_closed(self, connection: Any) -> None:
        """Have a connection know that its transports were closed, if its close() is not asynchronous."""
        discard(connection)


def of_async_function(function: Callable[..., Any]) -> AsyncDriver:
    """Return the driver of an asynchronous function."""
    named: NamedAsyncDriver | None = next(
        (driver for module, name, driver in _NAMED_FUNCTIONS if function is loaded(module, name)), None
    )
    return AsyncFunctionDriver(function) if named is None else named


def _entering(method: Callable[..., Any], namespace: Namespace) -> Callable[..., Any]:
    """Return the method, wrapped so that it runs in the namespace."""
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def awaited(self: Any, *args: Any, **options: Any) -> Any:
            return await _awaited(method(self, *args, **options), namespace)

        return awaited

    @functools.wraps(method)
    def called(self: Any, *args: Any, **options: Any) -> Any:
        with namespace:
            returned = method(self, *args, **options)
        # A coroutine function that was compiled by Cython cannot be told before the call.
        is_coroutine = isinstance(returned, Coroutine) and not hasattr(returned, "__aenter__")
        return _awaited(returned, namespace) if is_coroutine else returned

    return called


async def _awaited(coroutine: Coroutine[Any, Any, Any], namespace: Namespace) -> Any:
    async with namespace:
        return await Stepping(coroutine, namespace)
