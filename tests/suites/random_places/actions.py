"""The tests that test_random_places.py runs: each does some of these actions, and then stands where it stood."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_netns_mysql import BlockError, Network

HOST = int(os.environ["HOST_NETWORK"])
COUNT = int(os.environ["RANDOM_TESTS"])
SEED = os.environ["RANDOM_SEED"]
KEPT: list[Iterator[None]] = []
POOL = concurrent.futures.ThreadPoolExecutor(2)


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


def child(netns: Network, chance: random.Random) -> None:
    code = "import os; print(os.stat('/proc/thread-self/ns/net').st_ino)"
    with netns[chance.choice(["red", "blue"])]:
        found = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
        assert int(found.stdout) == place()


def forked(netns: Network, chance: random.Random) -> None:
    here = place()
    number = os.fork()
    if number == 0:
        os._exit(place() != here)
    assert os.waitpid(number, 0)[1] == 0


def processes(netns: Network, chance: random.Random) -> None:
    if chance.random() < 0.1:
        method = chance.choice(["fork", "spawn", "forkserver"])
        with netns["red"], multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.map(place, range(2)) == [place()] * 2


def coroutines(netns: Network, chance: random.Random) -> None:
    home = place()

    async def hold(name: str) -> None:
        with netns[name]:
            await asyncio.sleep(0.001)

    async def stay() -> None:
        for _ in range(3):
            assert place() == home
            assert await asyncio.to_thread(place) == home
            with netns["blue"]:
                pass

    async def main() -> list[Any]:
        tasks = hold("red"), stay(), hold("blue"), stay()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    found = asyncio.run(main())
    assert [type(one) for one in found] == [BlockError, type(None), BlockError, type(None)], found


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


ACTIONS: list[Callable[[Network, random.Random], None]] = [
    *(nested, failing, abandoned, kept, dropped, collected, stacked, by_hand, threads, pool, own_pool, child, forked),
    *(processes, coroutines, signals),
]
MARKERS: list[tuple[str, ...] | None] = [None, None, ("red",), ("blue",), ("global",), ()]


def parameters() -> Iterator[Any]:
    chance = random.Random(SEED)
    for number in range(COUNT):
        names = chance.choice(MARKERS)
        yield pytest.param(number, names, marks=[] if names is None else [pytest.mark.netns(*names)])


@pytest.fixture
def around() -> Iterator[int]:
    before = place()
    yield before
    assert place() == before


@pytest.mark.parametrize(("number", "names"), parameters())
def test_it(number: int, names: tuple[str, ...] | None, request: pytest.FixtureRequest, around: int) -> None:
    chance = random.Random(f"{SEED} {number}")
    if names is None:
        assert place() == HOST
        for _ in range(3):
            assert POOL.submit(place).result() == HOST
            KEPT.clear() if chance.random() < 0.5 else gc.collect()
            assert place() == HOST
        return
    netns: Network = request.getfixturevalue("netns")
    name = names[0] if names else "global"
    assert netns.here is not None
    assert netns.here.name == name
    for _ in range(5):
        action = chance.choice(ACTIONS)
        action(netns, chance)
        assert netns.here is netns[name], action
        assert place() == around, action
