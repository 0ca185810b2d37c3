"""The tests that test_random_places.py runs: each does some of these actions, and then stands where it stood."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import asyncactions
import processactions
import pytest
import syncactions
from asyncactions import born
from syncactions import KEPT, POOL, place

from pytest_netns_mysql import Network

HOST = int(os.environ["HOST_NETWORK"])
COUNT = int(os.environ["RANDOM_TESTS"])
SEED = os.environ["RANDOM_SEED"]
THREADS = [*syncactions.ACTIONS, *asyncactions.ACTIONS]
PROCESSES = [*processactions.ACTIONS, *asyncactions.PROCESSES]  # each takes as long as many of the others


async def by_task() -> int:
    return await asyncio.to_thread(place)


def check_task() -> None:
    assert asyncio.run(by_task()) == HOST


def check_callback() -> None:
    seen: list[int] = []
    POOL.submit(place).add_done_callback(lambda _: seen.append(place()))
    POOL.submit(place).result()
    assert {HOST, *seen} == {HOST}


PLAIN: list[Callable[[], None]] = [check_task, check_callback, gc.collect]  # type: ignore[list-item]
MARKERS: list[tuple[str, ...] | None] = [None, None, ("red",), ("blue",), ("global",), ()]


def parameters() -> Iterator[Any]:
    chance = random.Random(SEED)
    for number in range(COUNT):
        names = chance.choice(MARKERS)
        yield pytest.param(number, names, marks=[] if names is None else [pytest.mark.netns(*names)])


@pytest.fixture
def around() -> Iterator[int]:
    before = place()
    assert born() == before
    yield before
    assert place() == born() == before


@pytest.mark.parametrize(("number", "names"), parameters())
def test_it(number: int, names: tuple[str, ...] | None, request: pytest.FixtureRequest, around: int) -> None:
    chance = random.Random(f"{SEED} {number}")
    if names is None:
        assert place() == HOST
        for _ in range(3):
            assert POOL.submit(place).result() == HOST
            KEPT.clear() if chance.random() < 0.5 else gc.collect()
            chance.choice(PLAIN)()
            assert place() == HOST
        return
    netns: Network = request.getfixturevalue("netns")
    name = names[0] if names else "global"
    assert netns.here is not None
    if name != "global":
        assert around == os.stat(f"/run/netns/{name}").st_ino
    assert netns.here.name == name
    for _ in range(5):
        action = chance.choice(PROCESSES if chance.random() < 0.08 else THREADS)
        action(netns, chance)
        assert netns.here is netns[name], action
        assert place() == born() == around, action
