"""Asynchronous drivers, which are refused: their sockets are created at an await, in any namespace."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers.loaded import loaded

# Ordinary functions that return a coroutine, whatever they are given.
_ASYNC_FUNCTIONS = tuple((module, name) for module in ("aiomysql", "asyncmy") for name in ("connect", "create_pool"))
_REMEDIES = (
    "await netns_connect_async('red', driver=...), which takes asynchronous drivers",
    "or use a driver that is not asynchronous: 'mysql.connector', 'pymysql', or the connect function of another",
    "or open the socket yourself, with netns['red']: socket.create_connection(...), for a driver that takes a socket",
    "or pass a function that returns an open connection: loop.run_until_complete(connect(...))",
)


def is_async(function: Any) -> bool:
    """Return True for a coroutine function and for an asynchronous generator function."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def refuse_async_function(driver: Callable[..., Any]) -> None:
    """Raise ClientError for a function whose connection is opened only when it is awaited."""
    if any(driver is loaded(module, name) for module, name in _ASYNC_FUNCTIONS):
        raise async_error(driver)
    called = driver if inspect.isroutine(driver) or isinstance(driver, functools.partial) else type(driver).__call__
    if is_async(driver) or is_async(called):
        raise async_error(driver)


def refuse_awaitable(returned: Any, driver: Callable[..., Any]) -> None:
    """Discard a driver's return value and raise ClientError, if the value is to be awaited or entered by async with.

    Args:
        returned: What the driver returned.
        driver: The driver, for the error.
    """
    is_async_context = hasattr(type(returned), "__aenter__") and not hasattr(type(returned), "cursor")
    if inspect.isawaitable(returned) or is_async_context:
        discard(returned)
        raise async_error(driver)


def async_error(driver: Callable[..., Any]) -> ClientError:
    """Return the error for an asynchronous driver."""
    return ClientError(
        f"driver={driver_name(driver)} is asynchronous: it is called in the namespace, but it connects when it is "
        "awaited, from wherever the event loop is then",
        remedies=_REMEDIES,
    )


def driver_name(driver: Callable[..., Any]) -> str:
    """Return a driver's dotted name for an error."""
    name = getattr(driver, "__qualname__", None)
    return repr(driver) if name is None else f"{driver.__module__}.{name}"


def discard(returned: Any) -> None:
    """Close what a driver returned; a coroutine is closed before it starts, so that Python gives no warning."""
    for name in ("close", "cancel"):
        end = getattr(returned, name, None)
        if callable(end) and not inspect.iscoroutinefunction(end):
            with contextlib.suppress(Exception):
                end()
            return
