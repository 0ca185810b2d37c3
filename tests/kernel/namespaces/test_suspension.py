"""A ``with netns[...]`` block that is held across an ``await``: the block ends there, and leaving it is an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from pytest_netns_mysql import BlockError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


InNetwork = Callable[..., Any]
MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])
HELD = (
    " was held across an await. Other tasks would have run in {0}, so the block ended at the await, and the code after "
    "it ran outside of the block"
)


def place() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def places(network: Network) -> dict[str, int]:
    found = {"outside": place()}
    for name in network:
        with network[name]:
            found[name] = place()
    return found


@MODES
def test_a_block_held_across_an_await_of_asyncio_is_an_error(in_network: InNetwork, mode: str) -> None:
    """Other tasks, with blocks of their own or without, run where they would run without the held block."""

    def action(network: Network) -> tuple[list[Any], list[bool]]:
        there = places(network)
        seen = []

        async def hold(name: str) -> None:
            with network[name]:
                seen.append(place() == there[name])
                await asyncio.sleep(0.01)
                seen.append(place() == there["red"])

        async def stay() -> None:
            for _ in range(5):
                seen.append(place() == there["red"])
                await asyncio.sleep(0.003)

        async def enter_and_leave() -> None:
            for _ in range(5):
                with network["blue"]:
                    seen.append(place() == there["blue"])
                await asyncio.sleep(0.003)

        async def main() -> list[BaseException | None]:
            tasks = hold("global"), stay(), hold("blue"), enter_and_leave()
            return list(await asyncio.gather(*tasks, return_exceptions=True))

        with network["red"]:
            found = asyncio.run(main())
            seen.append(place() == there["red"])
        return [str(one).splitlines()[0] if isinstance(one, BlockError) else one for one in found], seen

    (first, stayed, second, entered), seen = in_network(load("red-blue"), action, mode)
    assert first.endswith(HELD.format("global"))
    assert second.endswith(HELD.format("blue"))
    assert (stayed, entered, set(seen)) == (None, None, {True})


@MODES
def test_a_block_held_across_an_await_of_trio_is_an_error(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> tuple[str, list[bool]]:
        there = places(network)
        seen = []

        async def main() -> str:
            with network["red"]:
                seen.append(place() == there["red"])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(stay)
                with pytest.raises(BlockError) as error:
                    await hold()
            assert error.value.remedies[0] == (
                "write `async with netns['blue']:`: sockets of the task are then created in blue, also after an await"
            )
            return error.value.what

        async def hold() -> None:
            with network["blue"]:
                await trio.sleep(0.01)
                seen.append(place() == there["outside"])

        async def stay() -> None:
            for _ in range(5):
                seen.append(place() == there["outside"])
                await trio.sleep(0.003)

        return trio.run(main), seen

    what, seen = in_network(load("red-blue"), action, mode)
    assert what.endswith(HELD.format("blue"))
    assert set(seen) == {True}
