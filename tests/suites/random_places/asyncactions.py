"""Tasks, asynchronous generators, cancellation: sockets are created where the code is, and no thread moves."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import fcntl
import gc
import os
import random
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from processactions import CODE
from syncactions import POOL, place

from pytest_netns_mysql import BlockError, Network

NAMES = ["red", "blue", "global"]
LOOP = asyncio.new_event_loop()  # as plugins share them between tests


def born() -> int:
    """The namespace in which a socket is really created."""
    with socket.socket() as created:
        try:
            descriptor = fcntl.ioctl(created.fileno(), 0x894C)  # SIOCGSKNS
        except PermissionError:  # the host's network, for whoever is in a user namespace
            return int(os.environ["HOST_NETWORK"])
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def inode(netns: Network, name: str) -> int:
    return os.fstat(netns[name]._descriptor).st_ino


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
    assert [type(each) for each in found] == [BlockError, type(None), BlockError, type(None)], found


def side_by_side(netns: Network, chance: random.Random) -> None:
    home = place()

    async def client(name: str) -> None:
        try:
            async with netns[name]:
                for _ in range(chance.randrange(3)):
                    await asyncio.sleep(0)
                    assert born() == inode(netns, name)
                    inner = chance.choice(NAMES)
                    async with netns[inner]:
                        await asyncio.sleep(0)
                        assert born() == await asyncio.to_thread(born) == inode(netns, inner)
                if chance.random() < 0.3:
                    await asyncio.sleep(30)
                if chance.random() < 0.3:
                    raise ZeroDivisionError
        finally:
            assert (born(), place()) == (home, home)

    async def main() -> None:
        tasks = [asyncio.ensure_future(client(chance.choice(NAMES))) for _ in range(4)]
        await asyncio.sleep(0.002)
        tasks[0].cancel()
        with contextlib.suppress(asyncio.TimeoutError, ZeroDivisionError, asyncio.CancelledError):
            await asyncio.wait_for(client("blue"), 0.002)
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            assert found is None or isinstance(found, (ZeroDivisionError, asyncio.CancelledError)), found
        assert (born(), place()) == (home, home)

    if chance.random() < 0.5:
        asyncio.run(main())
    else:
        LOOP.run_until_complete(main())


def generators(netns: Network, chance: random.Random) -> None:
    home = place()

    async def steps(name: str) -> AsyncIterator[int]:
        async with netns[name]:
            yield born()
            await asyncio.sleep(0)
            yield born()

    async def main() -> None:
        name = chance.choice(NAMES)
        async for found in steps(name):
            assert found == inode(netns, name)
            if chance.random() < 0.5:
                break
        gc.collect()  # ends the generator in a task of its own
        await asyncio.sleep(0.001)
        left = steps("blue")
        await anext(left)
        await asyncio.create_task(left.aclose())  # type: ignore[attr-defined]
        assert born() == home

    asyncio.run(main())
    assert (born(), place()) == (home, home)


def contexts(netns: Network, chance: random.Random) -> None:
    async def main() -> tuple[contextvars.Context, int]:
        async with netns["blue"]:
            found = await asyncio.get_running_loop().run_in_executor(POOL, born)
            return contextvars.copy_context(), found

    home = place()
    copied, found = asyncio.run(main())
    assert found == inode(netns, "blue")
    copied.run(lambda: None)
    assert (born(), place()) == (home, home)


def programs(netns: Network, chance: random.Random) -> None:
    command = [sys.executable, "-I", "-S", "-c", CODE]

    async def main() -> None:
        async with netns["blue"]:
            process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
            assert int((await process.communicate())[0]) == inode(netns, "blue")
            assert os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", f"test {inode(netns, 'blue')} = $({STAT})"]) == 0

    asyncio.run(main())


STAT = "stat -Lc %i /proc/self/ns/net"
ACTIONS: list[Callable[[Network, random.Random], None]] = [
    *(coroutines, side_by_side, generators, contexts),
]
PROCESSES: list[Callable[[Network, random.Random], None]] = [programs]
