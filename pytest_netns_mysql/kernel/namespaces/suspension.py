"""The suspension of the running coroutine, which asyncio and trio report in different ways."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from pytest_netns_mysql.errors import BlockError


def current_task() -> object:
    """Return the asyncio or trio task that the calling thread runs, or None outside of an event loop."""
    # A thread that runs a loop has imported its library. No other thread needs to import the library.
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    if asyncio is not None:
        try:
            if (task := asyncio.current_task()) is not None:
                return task
        except (RuntimeError, AttributeError):  # no loop runs, or another thread is importing asyncio
            pass
    if trio is not None:
        try:
            return trio.lowlevel.current_task()
        except (RuntimeError, AttributeError):
            pass
    return None


def on_suspension(callback: Callable[[], None]) -> Callable[[], None]:
    """Call ``callback`` when the running task suspends next.

    Returns:
        A function that cancels the call.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return _on_suspension_in_trio(callback)
        # Callbacks that wait already would run in the namespace if they came first, and call_soon appends.
        ready = getattr(loop, "_ready", None)
        if ready is None:
            handle = loop.call_soon(callback)
        else:
            handle = asyncio.Handle(callback, (), loop)
            ready.appendleft(handle)
        cancel: Callable[[], None] = handle.cancel
        return cancel
    return _on_suspension_in_trio(callback)


def _on_suspension_in_trio(callback: Callable[[], None]) -> Callable[[], None]:
    import trio

    task = trio.lowlevel.current_task()

    class Suspension(trio.abc.Instrument):  # type: ignore[misc,unused-ignore]
        def after_task_step(self, stepped: Any) -> None:
            if stepped is task:
                callback()

    instrument = Suspension()
    trio.lowlevel.add_instrument(instrument)

    def cancel() -> None:
        with contextlib.suppress(KeyError, RuntimeError):  # the loop may have ended
            trio.lowlevel.remove_instrument(instrument)

    return cancel


def held_across_await(block: str, name: str) -> BlockError:
    """Return the error for a block that was held across an ``await``.

    Args:
        block: The block, as text.
        name: The name of the block's namespace.
    """
    return BlockError(
        f"{block} was held across an await. Other tasks would have run in {name}, so the block ended at the await, and "
        "the code after it ran outside of the block",
        remedies=[
            f"write `async with netns[{name!r}]:`: sockets of the task are then created in {name}, also after an await",
            "or mark the test: an async test under @pytest.mark.netns(...) runs in its namespace",
            "or end the block before the await, with a socket that was made in it",
        ],
    )
