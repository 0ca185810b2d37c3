"""Connections that a driver's own function returned: the sockets that they open later are created in their namespace.

The connection gets a class derived from its own, whose methods enter the namespace.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers.asynchronous import async_error, discard, driver_name, is_async, refuse_awaitable
from pytest_netns_mysql.mysql.drivers.connector import pool_error
from pytest_netns_mysql.mysql.drivers.driver import Place
from pytest_netns_mysql.mysql.drivers.loaded import loaded

# The one method by which the connections of a driver open every socket. For other drivers that method is unknown, and
# any method may open a socket, as those of a C library that reconnects in the middle of a query do.
_CONNECTING_METHODS = (
    ("mysql.connector.connection", "MySQLConnection", "_open_connection"),
    ("mysql.connector.connection_cext", "CMySQLConnection", "_open_connection"),
    ("pymysql.connections", "Connection", "connect"),
)
# If one of these methods is a coroutine or returns an awaitable, the socket is created at the await, in any namespace.
_OPENING = frozenset({"connect", "_connect", "reconnect", "_reconnect", "open", "_open", "_open_connection", "acquire"})


def keep_in_namespace(connection: Any, namespace: Place, driver: Callable[..., Any]) -> Any:
    """Return the connection, changed so that all its later sockets are created in the namespace.

    Args:
        connection: What the driver returned.
        namespace: The namespace that the connection was opened from.
        driver: The driver, for errors.

    Raises:
        ClientError: The class of the connection cannot be derived from, or the connection belongs to a pool. The
            connection is closed then.
    """
    pooled = loaded("mysql.connector.pooling", "PooledMySQLConnection")
    if pooled is not None and isinstance(connection, pooled):
        discard(connection)
        raise pool_error("pool_name=")
    methods = {name: _entering(name, method, namespace, driver) for name, method in _opening_methods(type(connection))}
    return with_methods(connection, methods, driver)


def with_methods(connection: Any, methods: Mapping[str, Callable[..., Any]], driver: Callable[..., Any]) -> Any:
    """Return the connection, of a class derived from its own that has these methods.

    Args:
        connection: What the driver returned.
        methods: The methods, by name.
        driver: The driver, for the error.

    Raises:
        ClientError: The class of the connection cannot be derived from. The connection is closed then.
    """
    try:
        connection.__class__ = _derived_class(type(connection), methods)
    except (TypeError, AttributeError) as error:
        discard(connection)
        raise ClientError(
            f"driver={driver_name(driver)} returned {type(connection).__name__}, which cannot be kept in its "
            "namespace: it would reconnect from any namespace",
            tried=[str(error)],
            remedies=[
                "return the driver's own connection",
                "or connect without netns_connect, and do not reconnect: with netns['red']: ...",
            ],
        ) from error
    return connection


def _derived_class(base: type, methods: Mapping[str, Callable[..., Any]]) -> type:
    """Return a subclass with the same memory layout."""
    names = {"__slots__": (), "__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": base.__doc__}
    return types.new_class(base.__name__, (base,), exec_body=lambda body: body.update({**methods, **names}))


def _opening_methods(base: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    known = [method for module, name, method in _CONNECTING_METHODS if _is_subclass(base, loaded(module, name))]
    return ((name, inspect.getattr_static(base, name)) for name in known) if known else all_methods(base)


def _is_subclass(derived: type, base: type | None) -> bool:
    return base is not None and issubclass(derived, base)


def all_methods(base: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield all methods of a class but those that begin with two underscores, each with its name."""
    names = {name for each in base.__mro__[:-1] for name in vars(each) if not name.startswith("__")}
    members = ((name, inspect.getattr_static(base, name)) for name in names)
    yield from ((name, member) for name, member in members if _is_method(member))


def _is_method(member: Any) -> bool:
    """Return True for a function in a class, whether it is written in Python, in C, or compiled by Cython."""
    # A function of Cython is of a type of Cython's own, and like those of C a descriptor that can be called.
    return callable(member) and inspect.isroutine(member) and not isinstance(member, staticmethod | classmethod)


def _entering(
    name: str, method: Callable[..., Any], namespace: Place, driver: Callable[..., Any]
) -> Callable[..., Any]:
    """Return the method, wrapped so that it runs in the namespace."""
    if is_async(method) and name not in _OPENING:
        return method

    @functools.wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if inspect.iscoroutinefunction(method):
            raise async_error(driver)
        with namespace:
            returned = method(self, *args, **options)
        if name in _OPENING:
            refuse_awaitable(returned, driver)
        if name == "cursor" and _has_c_methods(type(returned)) and not hasattr(type(returned), "__aenter__"):
            # Such a cursor may hold the connection of a C library, and reconnect by itself. One for asyncio does not.
            return keep_in_namespace(returned, namespace, driver)
        return returned

    return call


def _has_c_methods(cls: type) -> bool:
    return any(
        isinstance(member, types.MethodDescriptorType) for each in cls.__mro__[:-1] for member in vars(each).values()
    )
