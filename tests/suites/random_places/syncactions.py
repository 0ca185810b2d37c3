"""What a test may do in one thread, and with threads: each action ends where it began."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import multiprocessing.pool
import os
import random
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from pytest_netns_mysql import BlockError, Network

KEPT: list[Iterator[None]] = []
STACKS: list[contextlib.ExitStack] = []
POOL = concurrent.futures.ThreadPoolExecutor(2)
THREADS = multiprocessing.pool.ThreadPool(1)


class InterruptionError(Exception):
    """What is raised in the middle of a block."""


def place(*_: object) -> int:
    return os.stat("/proc/thread-self/ns/net").st_ino


def stepping(netns: Network, name: str) -> Iterator[None]:
    with netns[name]:
        yield


def nested(netns: Network, chance: random.Random) -> None:
    with netns[chance.choice(["red", "blue", "global"])], netns["red"], netns["global"]:
        with netns["red"]:
            red = place()
        assert place() != red


def failing(netns: Network, chance: random.Random) -> None:
    with contextlib.suppress(ZeroDivisionError), netns["blue"], netns["red"]:
        raise ZeroDivisionError


def abandoned(netns: Network, chance: random.Random) -> None:
    # Its block ends with this test; until then the test would stand in it.
    with netns["red"]:
        steps = stepping(netns, "blue")
        next(steps)
        with contextlib.suppress(BlockError):
            steps.close()  # type: ignore[attr-defined]


def kept(netns: Network, chance: random.Random) -> None:
    steps = stepping(netns, chance.choice(["red", "blue"]))
    with netns["global"]:
        next(steps)
        KEPT.append(steps)
        cycle: list[Any] = [steps]
        cycle.append(cycle)
        # What the runner does at the end of a test, before the generator ends.
        blocks = netns["red"]._blocks
        blocks.end_inside(blocks._thread.stack[-2])


def dropped(netns: Network, chance: random.Random) -> None:
    KEPT.clear()


def collected(netns: Network, chance: random.Random) -> None:
    gc.collect()


def stacked(netns: Network, chance: random.Random) -> None:
    with contextlib.ExitStack() as stack:
        for name in chance.choices(["red", "blue", "global"], k=4):
            stack.enter_context(netns[name])


def by_hand(netns: Network, chance: random.Random) -> None:
    names = chance.choices(["red", "blue"], k=3)
    for name in names:
        netns[name].__enter__()
    for name in reversed(names):
        netns[name].__exit__(None, None, None)


def threads(netns: Network, chance: random.Random) -> None:
    seen: list[int] = []

    def work() -> None:
        seen.append(place())
        with netns["blue"]:
            pass
        seen.append(place())
        if chance.random() < 0.5:
            netns["red"].__enter__()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [place()] * 2


def pool(netns: Network, chance: random.Random) -> None:
    assert POOL.submit(place).result() == place()
    with netns["blue"]:
        assert set(POOL.map(place, range(3))) == {place()}


def own_pool(netns: Network, chance: random.Random) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(place).result() == place()


def signals(netns: Network, chance: random.Random) -> None:
    def interrupt(*_: object) -> None:
        raise InterruptionError

    before = signal.signal(signal.SIGALRM, interrupt)
    home = place()
    try:
        for _ in range(20):
            with contextlib.suppress(InterruptionError):
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 1e-4))
                for _ in range(8):
                    with netns["blue"], netns["red"]:
                        pass
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert place() == home
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def entering_handler(netns: Network, chance: random.Random) -> None:
    def enter(*_: object) -> None:
        with netns[chance.choice(["red", "blue"])], netns["global"]:
            pass

    home = place()
    before = signal.signal(signal.SIGALRM, enter)
    try:
        for _ in range(20):
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 2e-4))
            for _ in range(3):
                with netns["blue"], netns["red"]:
                    pass
            assert place() == home
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Entering:
    def __init__(self, netns: Network, name: str) -> None:
        self.netns, self.name, self.cycle = netns, name, self

    def __del__(self) -> None:
        with contextlib.suppress(BlockError), self.netns[self.name]:
            pass


def finalizers(netns: Network, chance: random.Random) -> None:
    seen: list[int] = []
    kept = Entering(netns, "red")
    with netns["blue"]:
        blue = place()
        weakref.finalize(kept, lambda: seen.append(place()))
        kept.cycle = kept  # it ends with a later collection, in any test
        gone = threading.local()
        weakref.finalize(gone, lambda: seen.append(place()))
        del gone
    assert seen == [blue]
    for _ in range(3):
        Entering(netns, chance.choice(["red", "blue", "global"]))


def kept_stack(netns: Network, chance: random.Random) -> None:
    while STACKS:
        with contextlib.suppress(BlockError):
            STACKS.pop().close()
    stack = contextlib.ExitStack()
    with netns["global"]:
        blocks = netns["red"]._blocks
        outer = blocks._thread.stack[-1]
        stack.enter_context(netns[chance.choice(["red", "blue"])])
        blocks.end_inside(outer)
    STACKS.append(stack)


def callbacks(netns: Network, chance: random.Random) -> None:
    seen: list[int] = []
    with netns[chance.choice(["red", "blue"])]:
        here = place()
        future = POOL.submit(time.sleep, 0.001)
        done = threading.Event()
        future.add_done_callback(lambda _: seen.append(place()))
        future.add_done_callback(lambda _: done.set())
        assert done.wait(30)
        result = THREADS.apply_async(place, callback=lambda found: seen.extend((found, place())))
        result.wait(30)
    assert seen == [here] * 3


def failing_threads(netns: Network, chance: random.Random) -> None:
    seen: list[int] = []

    def work() -> None:
        generator = stepping(netns, "red")
        next(generator)
        seen.append(place())
        raise SystemExit

    with netns["blue"]:
        timer = threading.Timer(0.001, lambda: seen.append(place()))
        thread = threading.Thread(target=work)
        for each in (timer, thread):
            each.start()
        for each in (timer, thread):
            each.join()
        with netns["red"]:
            red = place()
        assert sorted(seen) == sorted([place(), red])


def many_jobs(netns: Network, chance: random.Random) -> None:
    def submit() -> None:
        futures = [POOL.submit(place) for _ in range(50)]
        assert {future.result() for future in futures} == {place()}
        ended.append(True)

    ended: list[bool] = []
    with netns[chance.choice(["red", "blue"])]:
        thread = threading.Thread(target=submit)
        thread.start()
        thread.join()
    assert ended


ACTIONS: list[Callable[[Network, random.Random], None]] = [
    *(nested, failing, abandoned, kept, dropped, collected, stacked, by_hand, threads, pool, own_pool, signals),
    *(entering_handler, finalizers, kept_stack, callbacks, failing_threads, many_jobs),
]
