"""Awaitables whose every step runs in a namespace, whichever library creates the sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace


class Stepping:
    """An awaitable whose steps run in a namespace: the thread enters it before a step, and leaves it after the step.

    A library in C creates its sockets in the calling thread, in a step. Nothing else runs in a step, so that the
    thread is elsewhere while the event loop runs other tasks. What a library of Python gives to other tasks finds the
    namespace by its context, see ``async with`` in Namespace.
    """

    def __init__(self, awaitable: Awaitable[Any], namespace: Namespace) -> None:
        """Describe what is awaited, and where."""
        self._awaitable = awaitable
        self._namespace = namespace

    def __await__(self) -> Generator[Any, Any, Any]:
        """Run the awaitable step by step."""
        steps = self._awaitable.__await__()
        step: Callable[[Any, Any], Any] = _send
        value: Any = None
        while True:
            try:
                with self._namespace:
                    future = step(steps, value)
            except StopIteration as end:
                return end.value
            try:
                step, value = _send, (yield future)
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it is the awaitable's to handle
                step, value = _throw, error


def _send(steps: Any, value: Any) -> Any:
    return next(steps) if value is None else steps.send(value)


def _throw(steps: Any, error: BaseException) -> Any:
    return steps.throw(error)
