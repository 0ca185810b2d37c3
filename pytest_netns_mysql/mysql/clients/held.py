"""Asyncio connections that end with their event loop or with their test, whichever ends first."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.drivers.limits import abort

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pytest_netns_mysql.mysql.drivers.driver import AsyncDriver

_CLOSE_TIMEOUT = 2.0  # seconds
_TURNS = 3  # of the event loop, in which a transport closes its socket; one over TLS has another below it


class HeldConnection:
    """A connection that is closed when its event loop shuts down, or by ``close`` when the test ends.

    The connection is held by an asynchronous generator that waits. An event loop ends such generators before it is
    closed, see ``loop.shutdown_asyncgens`` in the documentation of asyncio: there the connection is closed in its own
    loop, as its driver says it. Where nobody shuts the loop down, ``close`` does it, or closes the socket at once.

    Attributes:
        connection: The connection.
    """

    def __init__(self, driver: AsyncDriver, connection: Any) -> None:
        """Remember an open connection."""
        self.connection = connection
        self._driver = driver
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first_transports = [*driver.transports(connection)]  # the test may close the connection itself
        self._generator = self._hold()

    async def begin(self) -> None:
        """Hold the connection until its event loop ends; in trio only ``close`` ends it."""
        with contextlib.suppress(RuntimeError):  # trio runs
            self._loop = asyncio.get_running_loop()
        if self._loop is not None:
            await anext(self._generator)

    def close(self) -> None:
        """Close the connection, whatever its event loop does now."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self._drop(loop)
        elif not loop.is_running() and not _is_in_event_loop():
            loop.run_until_complete(self.end())
        elif loop.is_running() and not _is_in_event_loop():  # in another thread
            asyncio.run_coroutine_threadsafe(self.end(), loop).result(2 * _CLOSE_TIMEOUT)
        else:  # whoever calls this cannot wait
            self._drop()

    def _drop(self, closed_loop: asyncio.AbstractEventLoop | None = None) -> None:
        abort(self._transports(), closed_loop)
        self._driver.mark_closed(self.connection)

    def _transports(self) -> list[asyncio.BaseTransport]:
        return [*self._first_transports, *self._driver.transports(self.connection)]

    async def end(self) -> None:
        """Close the connection in its event loop."""
        await self._generator.aclose()

    async def _hold(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            # A driver may raise if the test has closed the connection, or if the server was killed.
            transports = self._transports()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._driver.close(self.connection), _CLOSE_TIMEOUT)
            abort(transports)  # over TLS they would wait for the server's answer
            with contextlib.suppress(Exception):
                self._driver.mark_closed(self.connection)  # where close() has failed half way
            for _ in range(_TURNS):
                await asyncio.sleep(0)


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
