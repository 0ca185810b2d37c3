"""Functions that run in a namespace, in whichever thread or task they are called."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any, ParamSpec, TypeVar, cast

from pytest_netns_mysql.errors import SettingError, in_short
from pytest_netns_mysql.kernel.namespaces import suspension
from pytest_netns_mysql.kernel.namespaces.asyncblock import CURRENT
from pytest_netns_mysql.kernel.namespaces.asyncenterable import AsyncEnterable

P = ParamSpec("P")
R = TypeVar("R")


def decorate(namespace: AsyncEnterable, function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that runs in a namespace; see ``Namespace.__call__``."""
    if not callable(function):
        raise SettingError(
            f"netns[{namespace.name!r}](...) takes a function, got {in_short(function)}",
            remedies=[f"write `with netns[{namespace.name!r}]:` for a block"],
        )
    call = function if inspect.isroutine(_unwrapped(function)) else getattr(function, "__call__", function)  # noqa: B004
    if inspect.isgeneratorfunction(_unwrapped(call)) or inspect.isasyncgenfunction(_unwrapped(call)):
        raise _no_generators(namespace, function)
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(_unwrapped(call)):
        return cast("Callable[P, R]", _of_coroutine_function(namespace, cast("Callable[P, Awaitable[Any]]", function)))
    return _of_function(namespace, function)


def _of_coroutine_function(
    namespace: AsyncEnterable, function: Callable[P, Awaitable[Any]]
) -> Callable[P, Awaitable[Any]]:
    async def in_namespace(*args: P.args, **options: P.kwargs) -> Any:
        async with namespace:
            return await function(*args, **options)

    return functools.wraps(function)(in_namespace)


def _of_function(namespace: AsyncEnterable, function: Callable[P, R]) -> Callable[P, R]:
    def in_namespace(*args: P.args, **options: P.kwargs) -> R:
        outer = CURRENT.get()
        if suspension.current_task() is not None:
            namespace._enter_task(("", 0))  # for tasks that the function makes: they run when the thread has moved back
        try:
            with namespace:
                result = function(*args, **options)
        finally:
            CURRENT.set(outer)
        return cast("R", _kept(namespace, function, result))

    return functools.wraps(function)(in_namespace)


def _kept(namespace: AsyncEnterable, function: Callable[..., Any], result: Any) -> Any:
    """Return a result, so that what is still to be awaited is awaited in the namespace."""
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise _no_generators(namespace, function)
    if not inspect.isawaitable(result) or _is_running(result):
        return result
    return InNamespace(namespace, result)


def _is_running(awaitable: object) -> bool:
    """Return True for a future or a task, which goes on wherever it was made."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio.isfuture(awaitable)


class InNamespace:
    """An awaitable of a driver, such as those of aiomysql, which is awaited or entered in a namespace."""

    def __init__(self, namespace: AsyncEnterable, awaitable: Any) -> None:
        """Put an awaitable, which may be an asynchronous context manager as well, into a namespace."""
        self._namespace = namespace
        self._awaitable = awaitable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._awaitable, name)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._await().__await__()

    async def _await(self) -> Any:
        async with self._namespace:
            return await self._awaitable

    async def __aenter__(self) -> Any:
        async with self._namespace:
            return await self._awaitable.__aenter__()

    async def __aexit__(self, *error: Any) -> Any:
        async with self._namespace:
            return await self._awaitable.__aexit__(*error)


def _unwrapped(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _no_generators(namespace: AsyncEnterable, function: Any) -> SettingError:
    name = getattr(function, "__qualname__", None) or in_short(function)
    return SettingError(
        f"netns[{namespace.name!r}]({name}): the code of a generator runs when its caller asks for a value, "
        "wherever the caller is then",
        remedies=[f"write `with` or `async with netns[{namespace.name!r}]:` inside of the generator function"],
    )
