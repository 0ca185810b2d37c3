"""``async with netns[...]``: a task is in a namespace, and its thread stays where it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
import trio

from pytest_netns_mysql import BlockError, NetnsWarning
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load
from tests.support.birthplaces import born, namespace_of, place, told

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])


@MODES
def test_tasks_of_asyncio_are_in_two_namespaces_at_once(in_network: InNetwork, mode: str) -> None:
    """So are tasks, threads, jobs and processes that they make; the thread of the loop stays outside."""

    def action(network: Network) -> dict[str, list[str]]:
        outside = place()

        async def inside(name: str) -> list[int]:
            seen = []
            async with network[name] as entered:
                assert entered is network[name]
                for _ in range(3):
                    seen.append(born())
                    await asyncio.sleep(0.002)
                seen.append(await asyncio.create_task(later()))
                seen.append(await asyncio.to_thread(born))
                thread = threading.Thread(target=lambda: seen.append(place()))
                thread.start()
                thread.join()
                process = await asyncio.create_subprocess_exec("readlink", "/proc/self/ns/net", stdout=subprocess.PIPE)
                seen.append(int((await process.communicate())[0].strip()[5:-1]))
                server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
                seen.append(namespace_of(server.sockets[0]))
                server.close()
                assert place() == outside
            assert born() == outside
            return seen

        async def later() -> int:
            await asyncio.sleep(0)
            return born()

        async def main() -> dict[str, list[int]]:
            red, blue = await asyncio.gather(inside("red"), inside("blue"))
            return {"red": red, "blue": blue}

        return told(network, asyncio.run(main()))

    assert in_network(load("red-blue"), action, mode) == {"red": ["red"] * 8, "blue": ["blue"] * 8}


@MODES
def test_tasks_of_trio_and_anyio_are_in_two_namespaces_at_once(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> dict[str, list[str]]:
        found: dict[str, list[int]] = {"red": [], "blue": []}

        async def with_trio(name: str) -> None:
            async with network[name], trio.open_nursery() as nursery:
                for _ in range(3):
                    found[name].append(namespace_of(trio.socket.socket()))
                    await trio.sleep(0.002)
                nursery.start_soon(child_of_trio, name)
                (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
                found[name].append(namespace_of(listener.socket))
                await listener.aclose()
                found[name].append(await trio.to_thread.run_sync(born))

        async def child_of_trio(name: str) -> None:
            await trio.sleep(0.001)
            found[name].append(born())

        async def with_anyio(name: str) -> None:
            async with network[name], anyio.create_task_group() as group:
                await anyio.sleep(0.002)
                group.start_soon(child_of_anyio, name)
                found[name].append(await anyio.to_thread.run_sync(born))
                found[name].append(await anyio.to_thread.run_sync(anyio.from_thread.run_sync, born))

        async def child_of_anyio(name: str) -> None:
            await anyio.sleep(0.001)
            found[name].append(born())

        async def main(inside: Callable[[str], Any]) -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(inside, "red")
                group.start_soon(inside, "blue")

        trio.run(main, with_trio)
        anyio.run(main, with_anyio)
        anyio.run(main, with_anyio, backend="trio")
        return told(network, found)

    assert in_network(load("red-blue"), action, mode) == {"red": ["red"] * 12, "blue": ["blue"] * 12}


def test_the_innermost_block_goes_before(in_network: InNetwork) -> None:
    def action(network: Network) -> dict[str, list[str]]:
        async def main() -> list[int]:
            seen = []
            with network["blue"]:
                async with network["red"]:
                    seen.append(born())  # red: nothing has waited, so the thread is still in blue
            async with network["red"]:
                async with network["blue"], network["global"]:
                    seen.append(born())
                with network["blue"]:
                    seen.append(born())
                    async with network["red"]:
                        seen.append(born())
                    seen.append(born())
                    job = asyncio.get_running_loop().run_in_executor(None, born)
                    jobs = [job, asyncio.create_task(asyncio.to_thread(born))]
                seen.append(born())
                await asyncio.gather(*jobs)
            return seen

        return told(network, {"seen": asyncio.run(main())})

    names = ["red", "global", "blue", "red", "blue", "red"]
    assert in_network(load("red-blue"), action) == {"seen": names}


def test_a_task_leaves_its_namespace_however_the_block_ends(in_network: InNetwork) -> None:
    def action(network: Network) -> list[bool]:
        outside = place()
        seen = []

        async def raising() -> None:
            with contextlib.suppress(ZeroDivisionError):
                async with network["red"]:
                    await asyncio.sleep(0)
                    raise ZeroDivisionError
            seen.append(born() == outside)

        async def cancelled(entered: asyncio.Event) -> None:
            try:
                async with network["red"]:
                    entered.set()
                    await asyncio.sleep(30)
            finally:
                seen.append(born() == outside)

        async def main() -> None:
            await raising()
            entered = asyncio.Event()
            task = asyncio.create_task(cancelled(entered))
            await entered.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(cancelled(asyncio.Event()), 0.01)
            seen.append(born() == outside)

        asyncio.run(main())
        return seen

    assert in_network(load("red-blue"), action) == [True] * 4


def test_a_generator_that_another_task_closes_leaves_nobody_inside(in_network: InNetwork) -> None:
    def action(network: Network) -> dict[str, list[str]]:
        async def steps() -> AsyncIterator[int]:
            async with network["red"]:
                yield born()
                yield born()

        async def main() -> list[int]:
            generator = steps()
            seen = [await anext(generator), born()]  # as a plain generator, it has its caller inside
            await asyncio.create_task(generator.aclose())  # type: ignore[attr-defined]
            return [*seen, born()]

        return told(network, {"seen": asyncio.run(main())})

    assert in_network(load("red-blue"), action) == {"seen": ["red", "red", "outside"]}


def test_a_block_that_another_context_leaves_is_warned_of(in_network: InNetwork) -> None:
    """So do old versions of pytest-asyncio with a fixture that yields in a block."""

    def action(network: Network) -> list[str]:
        async def fixture() -> AsyncIterator[None]:
            async with network["red"]:
                yield

        async def main() -> list[str]:
            generator = fixture()

            async def step() -> None:
                with contextlib.suppress(StopAsyncIteration):
                    await anext(generator)

            await asyncio.create_task(step())
            with pytest.warns(NetnsWarning) as warned:
                await asyncio.create_task(step())
            return [str(warning.message) for warning in warned]

        return asyncio.run(main())

    (text,) = in_network(load("red-blue"), action)
    assert text.startswith("the block of red at ")
    assert " was entered in another context than it was left in, and the code that came last ran outside of it" in text


def test_blocks_left_in_another_order_are_an_error(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[list[str], bool]:
        async def main() -> tuple[list[str], bool]:
            red, blue = network["red"], network["blue"]
            outside, errors = born(), []
            await red.__aenter__()
            await blue.__aenter__()
            for namespace in (red, blue, red):
                try:
                    await namespace.__aexit__(None, None, None)
                except BlockError as error:
                    errors.append(error.what)
            return errors, born() == outside

        return asyncio.run(main())

    (first, second), is_outside = in_network(load("red-blue"), action)
    assert "the block of red at " in first
    assert "was left before the block of blue at " in first
    assert second == "no async block of red is open in this task"
    assert is_outside


def test_a_loop_outside_of_the_sandbox_creates_sockets_in_it_without_root(in_child: Callable[..., Any]) -> None:
    """Its thread was started before the sandbox. It could enter, but never come back, so another thread enters."""

    def action() -> tuple[dict[str, list[str]], bool]:
        made: list[Network] = []
        entered, done = threading.Event(), threading.Event()
        seen: list[int] = []

        def run_loop() -> None:
            # The thread makes no system call for the sandbox, which needs a process with one thread.
            entered.wait()
            asyncio.run(main())
            done.set()

        async def main() -> None:
            here = place()
            for name in ("red", "blue"):
                async with made[0][name]:
                    seen.append(born())
                    await asyncio.sleep(0)
                    seen.append(born())
            seen.append(place() == here)

        sandbox = Sandbox.create_in_thread("auto" if os.geteuid() == 0 else "rootless")
        thread = threading.Thread(target=run_loop)
        thread.start()
        sandbox.move_in()
        made.append(Network(sandbox, load("red-blue")))
        entered.set()
        done.wait()
        thread.join()
        is_unmoved = bool(seen.pop())
        return told(made[0], {"seen": seen}), is_unmoved

    assert in_child(action) == ({"seen": ["red", "red", "blue", "blue"]}, True)
