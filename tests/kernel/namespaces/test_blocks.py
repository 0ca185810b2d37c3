"""``with netns[...]``: only the innermost block of a thread moves it, however the block ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from pytest_netns_mysql import BlockError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

InNetwork = Callable[..., Any]
MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])


def place() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def places(network: Network) -> dict[str, int]:
    found = {"outside": place()}
    for name in network:
        with network[name]:
            found[name] = place()
    return found


def stepping(network: Network, name: str) -> Iterator[None]:
    with network[name]:
        yield


@MODES
def test_each_way_to_enter_and_leave(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> list[bool]:
        there = places(network)
        seen = []
        with contextlib.ExitStack() as stack:
            for name in ("red", "blue", "red", "global"):
                stack.enter_context(network[name])
            seen.append(place() == there["global"])
        seen.append(place() == there["outside"])
        network["red"].__enter__()
        network["blue"].__enter__()
        network["red"].__enter__()
        for name in ("blue", "red", "outside"):
            network["red" if name != "red" else "blue"].__exit__(None, None, None)
            seen.append(place() == there[name])
        with pytest.raises(ZeroDivisionError), network["red"]:
            raise ZeroDivisionError
        assert hasattr(network["red"], "__exit__")  # looked up for nothing
        with network["red"], network["blue"], network["red"]:
            seen.append(place() == there["red"])
        return [*seen, place() == there["outside"]]

    assert in_network(load("red-blue"), action, mode) == [True] * 7


@MODES
def test_a_block_that_is_not_the_innermost_moves_nobody(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> tuple[str, list[bool]]:
        there = places(network)
        with network["red"]:
            late = stepping(network, "blue")
            next(late)
            with network["blue"]:
                with pytest.raises(BlockError) as error:
                    late.close()  # type: ignore[attr-defined]
                seen = [place() == there["blue"]]
            seen.append(place() == there["red"])
        return str(error.value), [*seen, place() == there["outside"]]

    text, seen = in_network(load("red-blue"), action, mode)
    assert seen == [True, True, True]
    first, second = text.splitlines()
    assert first.startswith("the block of blue at ")
    assert "test_blocks.py:" in first
    assert " was left before the block of blue at " in first
    assert first.endswith(", which is inside of it: the thread was not moved")
    assert second == "  do: leave blocks in the reverse of the order in which they were entered"


@MODES
def test_another_thread_cannot_leave_a_block(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> tuple[list[str], list[bool]]:
        there = places(network)
        told: list[str] = []

        def close() -> None:
            before = place()
            try:
                late.close()  # type: ignore[attr-defined]
            except BlockError as error:
                told.append(error.what)
            told.append(str(place() == before))

        with network["red"]:
            late = stepping(network, "blue")
            next(late)
            thread = threading.Thread(target=close, name="other")
            thread.start()
            thread.join()
            seen = [place() == there["blue"]]
        return told, [*seen, place() == there["outside"]]

    (what, stayed), seen = in_network(load("red-blue"), action, mode)
    assert what.endswith(" was entered by the thread MainThread and is left by the thread other: no thread was moved")
    assert (stayed, seen) == ("True", [True, True])


@MODES
def test_threads_that_end_inside_a_block_leave_no_descriptor(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> list[int]:
        def end_inside() -> None:
            network["red"].__enter__()
            late = stepping(network, "blue")
            next(late)
            kept.append(late)

        kept: list[Iterator[None]] = []
        counts = []
        for _ in range(3):
            for _ in range(20):
                thread = threading.Thread(target=end_inside)
                thread.start()
                thread.join()
            kept.clear()  # which ends the generators, in a thread that never entered their blocks
            counts.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
        return counts

    first, *others = in_network(load("red-blue"), action, mode)
    assert others == [first, first]


@MODES
def test_the_collector_moves_nobody(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> bool:
        there = places(network)
        with network["red"]:
            with network["blue"]:
                late = stepping(network, "red")
                next(late)
                cycle: list[Any] = [late]
                cycle.append(cycle)
                network["blue"]._blocks.end_inside(network["blue"]._blocks._thread.stack[-2])
                del late, cycle
                gc.collect()
                inside = place() == there["blue"]
            return inside and place() == there["red"]

    assert in_network(load("red-blue"), action, mode)


HELD = (
    " was held across an await. Other tasks would have run in {0}, so the block ended at the await, and the code after "
    "it ran outside of the block"
)


@MODES
def test_a_block_that_is_held_across_an_await_is_refused(in_network: InNetwork, mode: str) -> None:
    """What runs meanwhile, with blocks of its own or without, stands where it would without the other."""

    def action(network: Network) -> tuple[list[Any], list[bool]]:
        there = places(network)
        seen = []

        async def hold(name: str) -> None:
            with network[name]:
                seen.append(place() == there[name])
                await asyncio.sleep(0.01)
                seen.append(place() == there["red"])

        async def stay() -> None:
            for _ in range(5):
                seen.append(place() == there["red"])
                await asyncio.sleep(0.003)

        async def enter_and_leave() -> None:
            for _ in range(5):
                with network["blue"]:
                    seen.append(place() == there["blue"])
                await asyncio.sleep(0.003)

        async def main() -> list[BaseException | None]:
            tasks = hold("global"), stay(), hold("blue"), enter_and_leave()
            return list(await asyncio.gather(*tasks, return_exceptions=True))

        with network["red"]:
            found = asyncio.run(main())
            seen.append(place() == there["red"])
        return [str(one).splitlines()[0] if isinstance(one, BlockError) else one for one in found], seen

    (first, stayed, second, entered), seen = in_network(load("red-blue"), action, mode)
    assert first.endswith(HELD.format("global"))
    assert second.endswith(HELD.format("blue"))
    assert (stayed, entered, set(seen)) == (None, None, {True})


@MODES
def test_trio_is_told_the_same(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> tuple[str, list[bool]]:
        there = places(network)
        seen = []

        async def main() -> str:
            with network["red"]:
                seen.append(place() == there["red"])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(stay)
                with pytest.raises(BlockError) as error:
                    await hold()
            return error.value.what

        async def hold() -> None:
            with network["blue"]:
                await trio.sleep(0.01)
                seen.append(place() == there["outside"])

        async def stay() -> None:
            for _ in range(5):
                seen.append(place() == there["outside"])
                await trio.sleep(0.003)

        return trio.run(main), seen

    what, seen = in_network(load("red-blue"), action, mode)
    assert what.endswith(HELD.format("blue"))
    assert set(seen) == {True}


class InterruptedTestError(Exception):
    """What a signal handler raises."""


@MODES
def test_what_a_signal_handler_raises_leaves_nobody_elsewhere(in_network: InNetwork, mode: str) -> None:
    """At whatever step of a ``with`` statement it comes, and none of them is lost."""

    def action(network: Network) -> tuple[int, int, int]:
        there = places(network)
        chance = random.Random(1)
        raised = elsewhere = 0

        def interrupt(*_: object) -> None:
            nonlocal raised
            raised += 1
            raise InterruptedTestError

        caught = 0
        kept = None
        signal.signal(signal.SIGALRM, interrupt)
        with network["red"]:
            for _ in range(4000):
                try:
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 9e-5))
                    for _ in range(6):
                        with network["blue"], network["red"], network["global"]:
                            pass
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except InterruptedTestError as error:
                    caught += 1
                    kept = error  # as pytest.raises does: its traceback holds the frames
                elsewhere += place() != there["red"]
        assert kept is not None
        return raised, caught, elsewhere

    raised, caught, elsewhere = in_network(load("red-blue"), action, mode)
    assert raised > 1000
    assert (caught, elsewhere) == (raised, 0)


@MODES
def test_what_is_raised_asynchronously_leaves_nobody_elsewhere(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> tuple[int, int]:
        there = places(network)
        caught = elsewhere = 0
        is_over = False

        def work() -> None:
            nonlocal caught, elsewhere
            with network["red"]:
                while not is_over:
                    try:
                        for _ in range(50):
                            with network["blue"], network["red"]:
                                pass
                    except InterruptedTestError:
                        caught += 1
                    elsewhere += place() != there["red"]

        def work_on() -> None:
            while not is_over:
                with contextlib.suppress(InterruptedTestError):
                    work()

        thread = threading.Thread(target=work_on)
        thread.start()
        for _ in range(300):
            time.sleep(0.001)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(InterruptedTestError)
            )
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), None
        )  # none is under way any more
        is_over = True
        thread.join()
        return caught, elsewhere

    caught, elsewhere = in_network(load("red-blue"), action, mode)
    assert caught > 100
    assert elsewhere == 0
