"""Connections that a driver's own function returned: their later sockets are born in their namespace, too."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import types
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any

from pytest_netns_mysql.errors import ClientError

Place = AbstractContextManager[Any]

# The one method by which the connections of a driver make every socket. Of any other driver it is not known: there
# each method may make one, as those of a C library that reconnects in the middle of a query do.
_CONNECTING_METHODS = (
    ("mysql.connector.connection", "MySQLConnection", "_open_connection"),
    ("mysql.connector.connection_cext", "CMySQLConnection", "_open_connection"),
    ("pymysql.connections", "Connection", "connect"),
)
# Where one of these is a coroutine, or returns an awaitable, the socket is made at the await, in any namespace.
_OPENING = frozenset({"connect", "_connect", "reconnect", "_reconnect", "open", "_open", "_open_connection", "acquire"})
# Functions that are no coroutines, and return one, whatever they are given.
_ASYNC_FUNCTIONS = tuple((module, name) for module in ("aiomysql", "asyncmy") for name in ("connect", "create_pool"))
_FROM_C = (types.MethodDescriptorType, types.WrapperDescriptorType)
_BY_HAND = (
    "use a driver that is not asynchronous: 'mysql.connector', 'pymysql', or the connect function of another",
    "or make the socket by hand, with netns['red']: socket.create_connection(...), for a driver that takes a socket",
    "or have the connection made by the time that your function returns: loop.run_until_complete(connect(...))",
)


def loaded(module: str, name: str) -> Any:
    """Return what a module that is imported already has by a name, or None: another one nobody can have passed."""
    return getattr(sys.modules.get(module), name, None)


def refuse_async_function(driver: Callable[..., Any]) -> None:
    """Raise ClientError for a function whose connection is made when somebody awaits it, in any namespace."""
    if any(driver is loaded(module, name) for module, name in _ASYNC_FUNCTIONS):
        raise _asynchronous(driver)
    called = driver if inspect.isroutine(driver) or isinstance(driver, functools.partial) else type(driver).__call__
    if any(is_async(one) for one in (driver, called) for is_async in _IS_ASYNC):
        raise _asynchronous(driver)


def refuse_awaitable(made: Any, driver: Callable[..., Any]) -> None:
    """Raise ClientError for what is connected when somebody awaits it, or enters it by ``async with``; discard it."""
    is_context = hasattr(type(made), "__aenter__") and not hasattr(type(made), "cursor")
    if inspect.isawaitable(made) or is_context:
        _discard(made)
        raise _asynchronous(driver)


def keep(connection: Any, place: Place, driver: Callable[..., Any]) -> Any:
    """Return the connection, of a class of its own: whatever opens a socket later opens it in ``place``.

    Raises ClientError, and closes the connection, where that cannot be promised.
    """
    pooled = loaded("mysql.connector.pooling", "PooledMySQLConnection")
    if pooled is not None and isinstance(connection, pooled):
        _discard(connection)
        raise refused_pool("pool_name=")
    try:
        connection.__class__ = _class_of(type(connection), place, driver)
    except (TypeError, AttributeError) as error:
        _discard(connection)
        raise ClientError(
            f"driver={_shown(driver)} returned {type(connection).__name__}, which cannot be kept in its namespace: it "
            "would reconnect from anywhere",
            tried=[str(error)],
            remedies=[
                "return the driver's own connection",
                "or connect without netns_connect, and do not reconnect: with netns['red']: ...",
            ],
        ) from error
    return connection


def refused_pool(argument: str) -> ClientError:
    """Return the error for a pool of mysql.connector's own, which is one for the whole process, by its name."""
    return ClientError(
        f"{argument}: a pool of mysql.connector.connect makes its later connections in any namespace, and a later test "
        "gets those of this one",
        remedies=["use pytest_netns_mysql.NamespacePool(netns['red'], pool_name=..., pool_size=..., ...)"],
    )


_IS_ASYNC = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)


def _asynchronous(driver: Callable[..., Any]) -> ClientError:
    return ClientError(
        f"driver={_shown(driver)} is asynchronous: it would be called in the namespace, and connect from wherever the "
        "event loop stands when it is awaited",
        remedies=_BY_HAND,
    )


def _shown(driver: Callable[..., Any]) -> str:
    name = getattr(driver, "__qualname__", None)
    return repr(driver) if name is None else f"{driver.__module__}.{name}"


def _discard(made: Any) -> None:
    """Close what is not handed on; a coroutine is closed before it begins, without a warning."""
    for name in ("close", "cancel"):
        end = getattr(made, name, None)
        if callable(end) and not inspect.iscoroutinefunction(end):
            with contextlib.suppress(Exception):
                end()
            return


def _class_of(kind: type, place: Place, driver: Callable[..., Any]) -> type:
    """Return a subclass, of the same layout, whose methods that may make a socket stand in ``place`` meanwhile."""
    own = {name: _inside(name, method, place, driver) for name, method in _methods(kind)}
    names = {"__slots__": (), "__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return types.new_class(kind.__name__, (kind,), exec_body=lambda body: body.update({**own, **names}))


def _methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    known = [method for module, name, method in _CONNECTING_METHODS if _is_subclass(kind, loaded(module, name))]
    for name in known or _all_methods(kind):
        yield name, inspect.getattr_static(kind, name)


def _is_subclass(kind: type, base: type | None) -> bool:
    return base is not None and issubclass(kind, base)


def _all_methods(kind: type) -> Collection[str]:
    """Return the names of all methods but those that begin and end with two underscores."""
    functions = (types.FunctionType, *_FROM_C)
    names = {name for each in kind.__mro__[:-1] for name in vars(each) if not name.startswith("__")}
    return [name for name in names if isinstance(inspect.getattr_static(kind, name), functions)]


def _inside(name: str, method: Callable[..., Any], place: Place, driver: Callable[..., Any]) -> Callable[..., Any]:
    if any(is_async(method) for is_async in _IS_ASYNC) and name not in _OPENING:
        return method

    @functools.wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if inspect.iscoroutinefunction(method):
            raise _asynchronous(driver)
        with place:
            made = method(self, *args, **options)
        if name in _OPENING:
            refuse_awaitable(made, driver)
        if name == "cursor" and _has_c_methods(type(made)):
            return keep(made, place, driver)  # it may have the connection of a C library, and reconnect by itself
        return made

    return call


def _has_c_methods(kind: type) -> bool:
    return any(isinstance(one, types.MethodDescriptorType) for each in kind.__mro__[:-1] for one in vars(each).values())
