import asyncio
import concurrent.futures
import multiprocessing
import os
import threading

import anyio.from_thread
import anyio.to_thread
import pytest
from sockets import HOST, born, namespaces, thread_stands_in

from pytest_netns_mysql import OriginError

KEPT = []
THREADS = concurrent.futures.ThreadPoolExecutor(1)


def process_stands_in(*_):
    return os.stat("/proc/self/ns/net").st_ino


def tell(pipe):
    pipe.send(process_stands_in())


@pytest.fixture(scope="session")
def wider_executor(netns):
    return netns["red"].executor(1)


def test_plain_first():
    assert THREADS.submit(born).result() == HOST


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(netns, method):
    there = namespaces(netns)
    context = multiprocessing.get_context(method)

    async def started(name):
        async with netns[name]:
            await asyncio.sleep(0)
            ours, theirs = context.Pipe()
            process = context.Process(target=tell, args=(theirs,))
            process.start()
            found = await asyncio.to_thread(ours.recv)
            process.join()
            return found

    async def pooled(name):
        async with netns[name]:
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
                return await asyncio.get_running_loop().run_in_executor(pool, process_stands_in)

    async def main():
        return [await started("red"), await pooled("blue"), await pooled("red")]

    assert asyncio.run(main()) == [there["red"], there["blue"], there["red"]]


def test_a_process_pool_of_another_namespace_is_refused(netns):
    async def main(pool):
        async with netns["red"]:
            await asyncio.get_running_loop().run_in_executor(pool, process_stands_in)

    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(process_stands_in).result() == thread_stands_in()
        with pytest.raises(OriginError, match="the processes of this pool run in another network namespace"):
            asyncio.run(main(pool))


def test_a_thread_pool_that_was_there_before(netns):
    there = namespaces(netns)

    async def inside(name):
        async with netns[name]:
            await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            return {
                await loop.run_in_executor(THREADS, born),
                await loop.run_in_executor(None, thread_stands_in),
                await anyio.to_thread.run_sync(born),
                await anyio.to_thread.run_sync(anyio.from_thread.run_sync, born),
            }

    async def main():
        asyncio.get_running_loop().set_default_executor(THREADS.__class__(1))
        return await asyncio.gather(inside("red"), inside("blue"))

    assert asyncio.run(main()) == [{there["red"]}, {there["blue"]}]


@pytest.mark.netns("blue")
def test_leaves_executors(netns, wider_executor):
    there = namespaces(netns)
    executor = netns["red"].executor(1, thread_name_prefix="left")
    assert executor.submit(born).result() == there["red"]
    assert wider_executor.submit(born).result() == there["red"]
    KEPT.append(executor)


@pytest.mark.netns("blue")
def test_meets_the_executors(netns, wider_executor):
    assert wider_executor.submit(born).result() == namespaces(netns)["red"]
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        KEPT[0].submit(born)
    left = [thread for thread in threading.enumerate() if thread.name.startswith("left")]
    for thread in left:
        thread.join(10)  # nobody waits for it at the end of a test
    assert not any(thread.is_alive() for thread in left)


def test_plain_last():
    assert thread_stands_in() == HOST
    assert THREADS.submit(born).result() == HOST
