"""The opening and the ending of asyncio connections, whatever their event loop does."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any


async def limited(
    opening: Coroutine[Any, Any, Any],
    seconds: float | None,
    *,
    transports: Callable[[], Iterable[asyncio.BaseTransport]],
    timeout_error: Callable[[], Exception],
) -> Any:
    """Await the opening of a connection. The drivers limit the connecting alone, and a silent server never greets.

    Args:
        opening: What opens the connection.
        seconds: The limit, or None.
        transports: Returns the connection's transports, which are closed after an error.
        timeout_error: Returns the driver's error for a server that did not answer in time.
    """
    try:
        return await asyncio.wait_for(opening, seconds)
    except asyncio.TimeoutError:
        abort(transports())
        raise timeout_error() from None
    except BaseException:  # a cancellation, too
        abort(transports())
        raise


def abort(transports: Iterable[asyncio.BaseTransport], loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Close the sockets of transports at once, without a word to the server.

    Args:
        transports: The transports.
        loop: Their event loop where it is closed, or None.
    """
    with contextlib.nullcontext() if loop is None else _calling_at_once(loop):
        for transport in transports:
            with contextlib.suppress(Exception):  # it may be closed, or be another library's
                transport.abort()  # type: ignore[attr-defined]


def found_transports(connection: Any, depth: int = 3) -> list[asyncio.BaseTransport]:
    """Return the transports that are found in the attributes of an object, and in theirs, ``depth`` times."""
    found = []
    for value in _attributes(connection):
        if isinstance(value, asyncio.BaseTransport):
            found.append(value)
        elif isinstance(value, asyncio.StreamWriter):
            found.append(value.transport)
        elif depth > 1:
            found += found_transports(value, depth - 1)
    return found


def _attributes(owner: Any) -> Iterator[Any]:
    """Yield the values of an object's attributes, also of those that a class of Cython or with slots has."""
    yield from getattr(owner, "__dict__", {}).values()
    for each in type(owner).__mro__:
        for name, member in vars(each).items():
            if not name.startswith("__") and (inspect.ismemberdescriptor(member) or inspect.isgetsetdescriptor(member)):
                with contextlib.suppress(Exception):  # it may have no value
                    yield member.__get__(owner)


@contextlib.contextmanager
def _calling_at_once(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have a closed event loop call in the block what a transport schedules; it would raise "Event loop is closed"."""

    def call_soon(callback: Callable[..., object], *arguments: Any, **_: Any) -> None:
        callback(*arguments)

    loop.call_soon = call_soon  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        del loop.call_soon
