"""Asynchronous tests and fixtures, and nothing that a run without them pays for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.run import pytest_internals

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.namespaces.threadplace import ThreadPlace
    from pytest_netns_mysql.run.networkinforce import NetworkInForce
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.run.taskplaces import TaskPlaces


class AsyncTests:
    """What the hooks around tests and fixtures do for those that are asynchronous."""

    def __init__(self, session: NetnsSession, network: NetworkInForce) -> None:
        """Wait for the first asynchronous test or fixture."""
        self._session = session
        self._network = network

    def around_fixture(
        self, definition: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> AbstractContextManager[None]:
        """Return a context manager for the setup of a fixture."""
        if not _is_async(pytest_internals.function_of(definition)):
            return nullcontext()
        return self._places.around_fixture(definition, request)

    def around_test(self, item: pytest.Item) -> AbstractContextManager[None]:
        """Return a context manager for the call of a netns test."""
        if not _is_async(getattr(item, "obj", None)):
            return nullcontext()
        return self._places.around_test(item)

    def around_function(self, item: pytest.Function) -> AbstractContextManager[None]:
        """Return a context manager for the call of a test's function."""
        if item is not self._network.netns_test or not _is_async(item.obj):
            return nullcontext()
        return self._places.around_function(item)

    def around_wider_fixture(self) -> AbstractContextManager[None]:
        """Return a context manager for the setup of a fixture of a wider scope, which may be synchronous."""
        sandbox = self._session.networks.sandbox
        return nullcontext() if sandbox is None else sandbox.owned_by_test.made_by_wider_fixture()

    def end_test(self, item: pytest.Item) -> None:
        """End what the test has made in namespaces."""
        sandbox = self._session.networks.sandbox
        if sandbox is not None:
            sandbox.owned_by_test.end(item.nodeid)
        if "_places" in vars(self):
            self._places.end_test(item)

    def close(self) -> None:
        """Undo what the first asynchronous test or fixture brought about."""
        if "_places" in vars(self):
            self._places.close()

    @cached_property
    def _places(self) -> TaskPlaces:
        from pytest_netns_mysql.run.taskplaces import TaskPlaces

        def of_test() -> ThreadPlace | None:
            found = self._network.place(inside=True)
            return None if found is None else found._place

        def at_rest() -> ThreadPlace | None:
            sandbox = self._session.networks.sandbox
            return None if sandbox is None else sandbox.at_rest()._place

        return TaskPlaces(lambda: self._network.netns_test, of_test, at_rest)


def _is_async(function: Callable[..., Any] | None) -> bool:
    """Return True for a coroutine function, an asynchronous generator function, and what wraps one of them."""
    if function is None:
        return False
    hypothesis = getattr(function, "hypothesis", None)
    inner = inspect.unwrap(function if hypothesis is None else getattr(hypothesis, "inner_test", function))
    return inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner)
