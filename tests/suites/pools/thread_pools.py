import asyncio
import concurrent.futures
import multiprocessing
import multiprocessing.pool
import os

import anyio
import anyio.to_thread
import pytest
import trio


def place(*_):
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()


THREADS = concurrent.futures.ThreadPoolExecutor(2)
OTHERS = multiprocessing.pool.ThreadPool(2)
LOOP = asyncio.new_event_loop()


async def by_asyncio():
    return {await asyncio.to_thread(place), await LOOP.run_in_executor(None, place)}


async def by_anyio():
    return await anyio.to_thread.run_sync(place)


async def by_trio():
    return await trio.to_thread.run_sync(place)


def everywhere():
    yield {THREADS.submit(place).result(), *THREADS.map(place, range(4))}
    yield {
        *OTHERS.map(place, range(4)),
        OTHERS.apply(place),
        *OTHERS.imap(place, range(3)),
        *OTHERS.imap_unordered(place, range(3)),
        *OTHERS.starmap(place, [(1,), (2,)]),
    }
    yield LOOP.run_until_complete(by_asyncio())
    yield {LOOP.run_until_complete(by_anyio())}
    yield {anyio.run(by_anyio), trio.run(by_trio)}


def check(expected):
    for number, found in enumerate(everywhere()):
        assert found == {expected}, number


def test_plain_first():
    check(HOST)


@pytest.mark.netns("red", "blue")
def test_netns(netns):
    here = place()
    assert here != HOST
    check(here)
    with netns["global"]:
        check(place())
    check(here)


def test_plain_between():
    check(HOST)


@pytest.mark.netns("blue", "red")
def test_netns_again(netns):
    check(place())


def test_plain_last():
    check(HOST)
