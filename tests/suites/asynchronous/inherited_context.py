import asyncio
import threading

import pytest
from sockets import born, namespaces

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def by_the_threads_of_the_loop():
    """Not asyncio.to_thread, which hands the context of the task to the job."""
    return await asyncio.get_running_loop().run_in_executor(None, born)


@pytest.mark.netns("red")
async def test_a_thread_of_the_loop_is_started(netns):
    there = namespaces(netns)
    assert await by_the_threads_of_the_loop() == there["red"]


@pytest.mark.netns("blue")
async def test_the_thread_serves_the_next_test(netns):
    there = namespaces(netns)
    assert await by_the_threads_of_the_loop() == there["blue"]


async def test_blocks(netns):
    there = namespaces(netns)
    found = []
    async with netns["red"]:
        with netns["blue"]:
            thread = threading.Thread(target=lambda: found.append(born()))
            thread.start()
            thread.join()
        async with netns["blue"]:
            found.append(await by_the_threads_of_the_loop())
        found.append(await by_the_threads_of_the_loop())
    assert found == [there["blue"], there["blue"], there["red"]]
