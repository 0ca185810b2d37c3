import asyncio

import pytest
import pytest_asyncio
from sockets import HOST, born, namespaces


@pytest.fixture
async def red_inside(netns):
    async with netns["red"]:
        first = born()
        yield first
        assert born() == first


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wider_inside(netns):
    """A fixture of a wider scope may open its connections in a namespace, and goes on to."""
    queue: asyncio.Queue[None] = asyncio.Queue()
    answers: asyncio.Queue[int] = asyncio.Queue()

    async def answer():
        while True:
            await queue.get()
            await answers.put(born())

    async def ask():
        await queue.put(None)
        return await answers.get()

    assert born() not in namespaces(netns).values()
    async with netns["red"]:
        task = asyncio.create_task(answer())
        yield ask
        assert born() == namespaces(netns)["red"]
        task.cancel()


@pytest.mark.netns("blue")
async def test_fixture(netns, red_inside):
    there = namespaces(netns)
    assert red_inside == there["red"]
    assert born() == there["blue"]


@pytest.mark.netns("blue", "global")
@pytest.mark.asyncio(loop_scope="module")
async def test_wider(netns, wider_inside):
    there = namespaces(netns)
    assert await wider_inside() == there["red"]
    assert born() == there[netns.here.name] != there["red"]


async def test_plain():
    assert await asyncio.to_thread(born) == HOST
