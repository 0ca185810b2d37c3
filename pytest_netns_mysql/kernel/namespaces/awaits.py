"""When a coroutine suspends: asyncio and trio tell it in ways of their own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any


def current_task() -> object:
    """Return the asyncio or trio task that the calling thread runs, or None outside of an event loop."""
    # Whoever runs a loop has imported it; nobody else need.
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    if asyncio is not None:
        try:
            if (task := asyncio.current_task()) is not None:
                return task
        except (RuntimeError, AttributeError):  # no loop runs; or it is being imported in another thread
            pass
    if trio is not None:
        try:
            return trio.lowlevel.current_task()
        except (RuntimeError, AttributeError):
            pass
    return None


def at_suspension(check: Callable[[], None]) -> Callable[[], None]:
    """Have ``check`` called when the task that runs suspends next; return the function that calls this off."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return _at_suspension_in_trio(check)
        # Before any other callback that waits for its turn, and would run in the namespace: call_soon comes last.
        waiting = getattr(loop, "_ready", None)
        if waiting is None:
            handle = loop.call_soon(check)
        else:
            handle = asyncio.Handle(check, (), loop)
            waiting.appendleft(handle)
        call_off: Callable[[], None] = handle.cancel
        return call_off
    return _at_suspension_in_trio(check)


def _at_suspension_in_trio(check: Callable[[], None]) -> Callable[[], None]:
    import trio

    task = trio.lowlevel.current_task()

    class Suspension(trio.abc.Instrument):  # type: ignore[misc,unused-ignore]
        def after_task_step(self, stepped: Any) -> None:
            if stepped is task:
                check()

    instrument = Suspension()
    trio.lowlevel.add_instrument(instrument)

    def call_off() -> None:
        with contextlib.suppress(KeyError, RuntimeError):  # the loop may have ended
            trio.lowlevel.remove_instrument(instrument)

    return call_off
