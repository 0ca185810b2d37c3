import asyncio
import os
from typing import Any

import pytest
import pytest_asyncio
from sockets import HOST, born, namespaces, thread_stands_in

SCOPE: Any = os.environ["LOOP_SCOPE"]
pytestmark = pytest.mark.asyncio(loop_scope=SCOPE)
TASKS = []


class Background:
    """A task that says, whenever somebody asks, where its sockets are created."""

    def __init__(self):
        self._questions: asyncio.Queue[None] = asyncio.Queue()
        self._answers: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(self._answer())

    async def _answer(self):
        while True:
            await self._questions.get()
            try:
                await self._answers.put(born())
            except Exception as error:  # noqa: BLE001 - it is what the test wants to see
                await self._answers.put(error)

    async def born(self):
        await self._questions.put(None)
        return await self._answers.get()


@pytest_asyncio.fixture(loop_scope=SCOPE, scope=SCOPE)
async def loop_wide():
    made = Background()
    yield made
    made.task.cancel()


@pytest_asyncio.fixture(loop_scope=SCOPE)
async def of_this_test():
    made = Background()
    yield made
    made.task.cancel()


async def by_sockets():
    loop = asyncio.get_running_loop()
    return {
        born(),
        await asyncio.create_task(asyncio.to_thread(born)),
        await loop.run_in_executor(None, born),
        await asyncio.wait_for(asyncio.to_thread(thread_stands_in), 30),
    }


class TestAll:
    async def test_plain(self, loop_wide):
        """The loop, and the thread of its executor, begin on the host's network."""
        assert await by_sockets() == {HOST}
        assert await loop_wide.born() == HOST
        assert thread_stands_in() == HOST

    @pytest.mark.netns("red", "blue")
    async def test_marked(self, netns, loop_wide, of_this_test):
        there = namespaces(netns)
        here, other = (there[name] for name in (("red", "blue") if netns.here.name == "red" else ("blue", "red")))
        assert await by_sockets() == {here}
        assert thread_stands_in() == here
        assert await of_this_test.born() == here
        async with netns["red" if other == there["red"] else "blue"]:
            assert await by_sockets() == {other}
            assert await of_this_test.born() == here
        assert await by_sockets() == {here}
        if SCOPE == "function":
            assert await loop_wide.born() == here
        else:
            assert await loop_wide.born() not in there.values()

    if SCOPE != "function":

        @pytest.mark.netns("red")
        async def test_leaves_tasks(self, netns):
            TASKS.append(Background())
            assert await TASKS[0].born() == namespaces(netns)["red"]
            async with netns["blue"]:
                TASKS.append(Background())
            assert await TASKS[1].born() == namespaces(netns)["blue"]

        async def test_plain_meets_the_tasks(self):
            """Without root this test comes before all netns tests, and meets no task."""
            for error in [await left.born() for left in TASKS]:
                assert "a task was left running by an earlier test, and opens a socket in" in str(error)

        @pytest.mark.netns("blue")
        async def test_meets_the_tasks(self, netns):
            errors = [await left.born() for left in TASKS]
            for left in TASKS:
                left.task.cancel()
            for error, name in zip(errors, ("red", "blue"), strict=True):
                assert str(error).startswith(
                    f"a task was left running by an earlier test, and opens a socket in {name}, where that test had "
                    "put it\n  tried: the task was made in test_inner.py::TestAll::test_leaves_tasks"
                )
            assert await by_sockets() == {namespaces(netns)["blue"]}
