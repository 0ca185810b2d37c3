"""Where the sockets of asynchronous tests and fixtures are created, and those of the tasks that they make.

A test's thread stands in the test's namespace while the test runs, and so does everything else that the event loop runs
meanwhile. So asynchronous tests and fixtures get a block of their own, as if written inside of ``async with``. Tasks
that they leave running keep the block. That tells the tasks of a fixture of a wider scope from those of the test, and
those of an earlier test from both.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import MethodType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.kernel.namespaces import asyncpatches
from pytest_netns_mysql.kernel.namespaces.asyncblock import CURRENT, AsyncBlock
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.namespaces.savedtarget import SavedTarget
    from pytest_netns_mysql.kernel.namespaces.threadplace import ThreadPlace

_ANYIO = "anyio_backend"

FindBlock = Callable[[], AsyncBlock | None]


class _Place:
    """A place that is known only when it is needed: a network may be built after a task was put there."""

    def __init__(self, find: Callable[[], ThreadPlace | None], name: str) -> None:
        self._find = find
        self.name = name

    def is_left_by_thread(self, block: AsyncBlock) -> bool:
        place = self._find()
        if place is None:  # a test without a network runs, and a task of an earlier test must not open sockets in it
            return not block.ended_with
        return place.is_left_by_thread(block)

    def saved(self) -> SavedTarget:
        return self._found().saved()

    def call_in_network(self, action: Callable[[], object]) -> None:
        self._found().call_in_network(action)

    def visited(self, async_block: AsyncBlock | None) -> AbstractContextManager[Any]:
        return self._found().visited(async_block)

    def _found(self) -> ThreadPlace:
        place = self._find()
        if place is None:
            raise RuntimeError(f"{self.name} is nowhere")  # is_left_by_thread comes first
        return place


class TaskPlaces:
    """The blocks of asynchronous tests and fixtures."""

    def __init__(
        self,
        running: Callable[[], pytest.Item | None],
        place: Callable[[], ThreadPlace | None],
        at_rest: Callable[[], ThreadPlace | None],
    ) -> None:
        """Apply the patches by which sockets are created where blocks say.

        Args:
            running: Returns the running netns test, or None.
            place: Returns the namespace of the running test, or None without a network.
            at_rest: Returns where fixtures of wider scopes run, or None as long as there is no sandbox.
        """
        asyncpatches.install(self)
        self._running = running
        self._place = place
        self._at_rest = _Place(at_rest, "no namespace")
        self._of_test: tuple[pytest.Item, AsyncBlock] | None = None

    @contextmanager
    def around_fixture(self, definition: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
        """Have the setup of an asynchronous fixture, and its teardown, run in a block."""
        is_wider = definition.scope != "function"
        wider = AsyncBlock(self._at_rest, ("", 0), is_wider=True) if is_wider else None

        def block() -> AsyncBlock | None:
            item = None if is_wider else self._running()
            return wider if item is None else self._block_of(item)

        function = pytest_internals.function_of(definition)
        in_block = _in_block(function, block)
        pytest_internals.replace_function(definition, in_block)
        try:
            with _current(None if _ANYIO in request.fixturenames else block()):
                yield
        finally:
            # anyio before 4.8 puts another function around this one, and keeps it.
            if pytest_internals.function_of(definition) is in_block:
                pytest_internals.replace_function(definition, function)

    @contextmanager
    def around_test(self, item: pytest.Item) -> Iterator[None]:
        """Have an asynchronous netns test run in a block, if its loop runs it in the context of the calling code."""
        if _ANYIO in pytest_internals.fixture_names(item):
            yield  # its tests and fixtures share a task, whose context is that of the first of them
            return
        with _current(self._block_of(item)):
            yield

    @contextmanager
    def around_function(self, item: pytest.Function) -> Iterator[None]:
        """Have the function of an asynchronous netns test run in a block, whichever task calls it."""
        function = item.obj
        item.obj = _in_block(function, lambda: self._block_of(item))
        try:
            yield
        finally:
            item.obj = function

    def _block_of(self, item: pytest.Item) -> AsyncBlock:
        if self._of_test is None or self._of_test[0] is not item or self._of_test[1].ended_with:
            place = _Place(self._place, item.stash[NAMESPACE])
            self._of_test = item, AsyncBlock(place, ("", 0))
        return self._of_test[1]

    def close(self) -> None:
        """Undo the patches, also where no sandbox was made."""
        asyncpatches.remove(self)

    def end_test(self, item: pytest.Item) -> None:
        """End the block of a test."""
        if self._of_test is not None and self._of_test[0] is item:
            self._of_test[1].end(item.nodeid)
            self._of_test = None


@contextmanager
def _current(block: AsyncBlock | None) -> Iterator[None]:
    outer = CURRENT.get()
    CURRENT.set(block)
    try:
        yield
    finally:
        CURRENT.set(outer)


def _in_block(function: Callable[..., Any], block: FindBlock) -> Callable[..., Any]:
    """Return a function of the same kind that runs in a block, and does not leave its caller there."""
    own = getattr(function, "__func__", function)
    if inspect.isasyncgenfunction(own):
        wrapped = _generator_in_block(own, block)
    elif inspect.iscoroutinefunction(own):
        wrapped = _coroutine_in_block(own, block)
    else:
        return function
    # pytest binds a method again, to the instance of the test.
    return wrapped if own is function else MethodType(wrapped, function.__self__)  # type: ignore[attr-defined]


def _coroutine_in_block(function: Callable[..., Any], block: FindBlock) -> Callable[..., Any]:
    @functools.wraps(function)
    async def in_block(*args: Any, **options: Any) -> Any:
        with _current(block()):
            return await function(*args, **options)

    return in_block


def _generator_in_block(function: Callable[..., Any], block: FindBlock) -> Callable[..., Any]:
    @functools.wraps(function)
    async def in_block(*args: Any, **options: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **options)
        innermost = block()  # the generator may have entered further ones before it yields
        try:
            while True:
                with _current(innermost):
                    try:
                        value = await anext(generator)
                    except StopAsyncIteration:
                        return
                    finally:
                        innermost = CURRENT.get()
                yield value
        finally:
            await generator.aclose()

    return in_block
