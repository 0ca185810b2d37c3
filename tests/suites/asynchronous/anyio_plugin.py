import anyio
import anyio.to_thread
import pytest
from sockets import HOST, born, namespaces, thread_stands_in

pytestmark = pytest.mark.anyio


class Background:
    """A task that says, whenever somebody asks, where its sockets are created."""

    def __init__(self):
        self._ask, self._asked = anyio.create_memory_object_stream[None](5)
        self._answer, self._answers = anyio.create_memory_object_stream[int](5)

    async def run(self):
        with self._ask, self._asked, self._answer, self._answers:
            async for _ in self._asked:
                await self._answer.send(born())

    async def born(self):
        await self._ask.send(None)
        return await self._answers.receive()


@pytest.fixture(scope="module")
async def module_wide(anyio_backend):
    made = Background()
    async with anyio.create_task_group() as group:
        group.start_soon(made.run)
        yield made
        group.cancel_scope.cancel()


@pytest.fixture
async def of_this_test():
    made = Background()
    async with anyio.create_task_group() as group:
        group.start_soon(made.run)
        yield made
        group.cancel_scope.cancel()


class TestMethods:
    @pytest.fixture
    async def red_inside(self, netns):
        async with netns["red"]:
            first = born()
            yield first
            assert born() == first

    @pytest.mark.netns("red", "blue")
    async def test_marked(self, netns, module_wide, of_this_test, red_inside):
        there = namespaces(netns)
        here, other = (there[name] for name in (("red", "blue") if netns.here.name == "red" else ("blue", "red")))
        assert await everywhere() == {here}
        assert red_inside == there["red"]
        assert await of_this_test.born() == here
        async with netns["red" if other == there["red"] else "blue"], anyio.create_task_group() as group:
            assert await everywhere() == {other}
            made = Background()
            group.start_soon(made.run)
            assert await made.born() == other
            group.cancel_scope.cancel()
        assert await everywhere() == {here}
        assert await module_wide.born() not in there.values()


async def everywhere():
    with anyio.fail_after(30):
        return {born(), await anyio.to_thread.run_sync(born), await anyio.to_thread.run_sync(thread_stands_in)}


async def test_plain(module_wide):
    assert await everywhere() == {HOST}
    assert await module_wide.born() == HOST


@pytest.mark.netns("red")
async def test_after_a_plain_test(netns, of_this_test):
    assert await everywhere() == {namespaces(netns)["red"]}


async def test_plain_again():
    assert await everywhere() == {HOST}
