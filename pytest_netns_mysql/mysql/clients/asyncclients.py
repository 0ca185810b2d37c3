"""Connections of one test by asynchronous drivers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.clients.held import HeldConnection
from pytest_netns_mysql.mysql.drivers.asyncregistry import find_async

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.target import Target
    from pytest_netns_mysql.mysql.drivers.driver import Driver
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

EndLater = Callable[[HeldConnection], None]
"""Has a connection closed when the test ends."""


class AsyncConnecting:
    """What ``netns_connect_async`` returns: ``await`` opens the connection, ``async with`` closes it, too."""

    def __init__(self, server: Instance, target: Target, driver: Driver | None, end_later: EndLater) -> None:
        """Describe a connection, which nobody has opened yet."""
        self._arguments = server, target, driver, end_later
        self._held: HeldConnection | None = None

    def __await__(self) -> Generator[Any, Any, Any]:
        """Open the connection."""
        return self._open().__await__()

    async def __aenter__(self) -> Any:
        return await self._open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held is not None:
            await self._held.end()

    async def _open(self) -> Any:
        self._held = await open_async(*self._arguments)
        return self._held.connection


async def open_async(server: Instance, target: Target, driver: Driver | None, end_later: EndLater) -> HeldConnection:
    """Open a connection that ends with its event loop or with the test."""
    __tracebackhide__ = True
    connection = await server.connect_async(target.namespace, endpoint=target.endpoint, driver=driver, **target.options)
    held = HeldConnection(find_async(driver), connection)
    end_later(held)
    await held.begin()
    return held
