"""``with netns[...]`` blocks: only the innermost block of a thread moves the thread, however the block ends."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import BlockError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

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
def test_every_way_to_enter_and_leave_a_block_moves_the_thread(in_network: InNetwork, mode: str) -> None:
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
        assert hasattr(network["red"], "__exit__")  # looks __exit__ up and does not call it
        with network["red"], network["blue"], network["red"]:
            seen.append(place() == there["red"])
        return [*seen, place() == there["outside"]]

    assert in_network(load("red-blue"), action, mode) == [True] * 7


@MODES
def test_leaving_an_outer_block_first_is_an_error_and_moves_no_thread(in_network: InNetwork, mode: str) -> None:
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
    assert "test_withblocks.py:" in first
    assert " was left before the block of blue at " in first
    assert first.endswith(", which is inside of it: the thread was not moved")
    assert second == "  do: leave blocks in the reverse of the order in which they were entered"


@MODES
def test_leaving_a_block_of_another_thread_is_an_error_and_moves_no_thread(in_network: InNetwork, mode: str) -> None:
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
def test_a_thread_that_ends_inside_a_block_leaks_no_descriptor(in_network: InNetwork, mode: str) -> None:
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
def test_a_generator_that_the_garbage_collector_closes_moves_no_thread(in_network: InNetwork, mode: str) -> None:
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


class InterruptedTestError(Exception):
    """The exception of a signal handler."""


@MODES
def test_an_exception_of_a_signal_handler_leaves_no_thread_in_a_namespace(in_network: InNetwork, mode: str) -> None:
    """The exception may come at any step of a ``with`` statement, and none may be lost."""

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
def test_an_exception_set_by_another_thread_leaves_no_thread_in_a_namespace(in_network: InNetwork, mode: str) -> None:
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
        )  # no exception is pending any more
        is_over = True
        thread.join()
        return caught, elsewhere

    caught, elsewhere = in_network(load("red-blue"), action, mode)
    assert caught > 100
    assert elsewhere == 0


@MODES
def test_a_forked_child_comes_back_to_where_it_stands_itself(
    in_network: InNetwork, in_child: Callable[[Callable[[], Any]], Any], mode: str
) -> None:
    def action(network: Network) -> bool:
        there = places(network)
        network._sandbox.bring_back()

        def move_and_come_back() -> bool:
            syscalls.setns(network["red"]._descriptor, syscalls.CLONE_NEWNET)
            with network["blue"]:
                pass
            return place() == there["red"]

        return bool(in_child(move_and_come_back)) and place() == there["outside"]

    assert in_network(load("red-blue"), action, mode) is True


def is_link(descriptor: int) -> bool:
    try:
        os.readlink("", dir_fd=descriptor)
    except OSError:
        return False
    return True


@MODES
def test_other_files_may_take_the_place_of_our_descriptors(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> list[bool]:
        there = places(network)
        network._sandbox.bring_back()
        links = [number for number in range(1024) if is_link(number)]
        with Path("/dev/null").open("rb") as other:
            for number in links:
                os.dup2(other.fileno(), number)
        network["red"].__enter__()
        came_back = network._sandbox.bring_back() is not None
        with network["blue"]:
            in_blue = place() == there["blue"]
        are_open = all(os.path.samestat(os.fstat(number), Path("/dev/null").stat()) for number in links)
        return [len(links) == 2, came_back, in_blue, place() == there["outside"], are_open]

    assert in_network(load("red-blue"), action, mode) == [True] * 5
