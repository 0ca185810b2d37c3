"""What a namespace does beside its blocks: functions, programs, sockets and thread pools in it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest

from pytest_netns_mysql import SettingError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load
from tests.support.birthplaces import place

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]


def here(network: Network) -> str | None:
    return None if network.here is None else network.here.name


class Awaitable:
    """What drivers return from an ordinary function: it can be awaited, or entered by ``async with``."""

    def __init__(self, action: Callable[[], Any]) -> None:
        self._action = action

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self._action()

    async def __aenter__(self) -> Any:
        return self._action()

    async def __aexit__(self, *_: object) -> None:
        self.left_in = self._action()


class Methods:
    """Methods that return where they run."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def method(self, suffix: str) -> str:
        """Return where it runs."""
        return f"{here(self.network)}{suffix}"

    async def coroutine(self, suffix: str) -> str:
        """Return where it runs, after an await."""
        await asyncio.sleep(0)
        return f"{here(self.network)}{suffix}"

    async def __call__(self, suffix: str) -> str:
        """Return where it runs, after an await."""
        return await self.coroutine(suffix)


def test_a_decorated_function_runs_in_the_namespace(in_network: InNetwork) -> None:
    """Functions, methods, partials and coroutine functions; each call enters afresh."""

    def action(network: Network) -> list[Any]:
        red, made = network["red"], Methods(network)
        function = red(made.method)
        found: list[Any] = [function(", once"), function(", again"), red(functools.partial(made.method, ", partly"))()]
        assert (function.__name__, inspect.getdoc(function)) == ("method", "Return where it runs.")

        async def main() -> None:
            coroutine = red(made.coroutine)
            assert inspect.iscoroutinefunction(coroutine)
            found.extend(await asyncio.gather(coroutine("1"), network["blue"](made.coroutine)("2"), red(made)("3")))
            found.append(await red(functools.partial(made.coroutine, "4"))())
            found.append(await red(lambda: made.coroutine("5"))())
            entered = red(lambda: Awaitable(lambda: here(network)))
            found.append(await entered())
            driver = entered()
            async with driver as value:
                found.append(value)
            found.append(driver.left_in)
            found.append(await red(lambda: asyncio.create_task(made.coroutine("6")))())
            found.append(here(network))

        asyncio.run(main())
        return found

    assert in_network(load("red-blue"), action) == [
        *("red, once", "red, again", "red, partly"),
        *("red1", "blue2", "red3", "red4", "red5", "red", "red", "red", "red6", None),
    ]


def _steps() -> Iterator[int]:
    yield 1


async def _async_steps() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [_steps, _async_steps, functools.partial(_steps)])
def test_a_generator_function_cannot_be_decorated(in_network: InNetwork, function: Callable[..., Any]) -> None:
    def action(network: Network) -> list[str]:
        errors = []
        for attempt in (lambda: network["red"](function), lambda: network["red"](lambda: function())()):
            with pytest.raises(SettingError) as error:
                attempt()
            errors.append(str(error.value))
        return errors

    for error in in_network(load("red-blue"), action):
        assert error.startswith("netns['red'](")
        assert "the code of a generator runs when its caller asks for a value, wherever the caller is then" in error
        assert "  do: write `with` or `async with netns['red']:` inside of the generator function" in error


def test_only_a_function_can_be_decorated(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        with pytest.raises(SettingError) as error:
            network["red"](1)  # type: ignore[arg-type]
        return str(error.value)

    assert in_network(load("red-blue"), action) == (
        "netns['red'](...) takes a function, got 1\n  do: write `with netns['red']:` for a block"
    )


def test_a_program_is_started_in_the_namespace(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[list[str], list[bool], str]:
        with network["red"]:
            red = place()
        words = ["sh", "-c", "readlink /proc/self/ns/net; ip link set lo down 2>/dev/null && echo can"]
        printed = []
        for dropped in ((), ("CAP_NET_ADMIN", "CAP_SYS_ADMIN")):
            with network["red"].popen(words, drop_capabilities=dropped, stdout=subprocess.PIPE, text=True) as program:
                printed.append(program.communicate(timeout=30)[0].split())
        with pytest.raises(SettingError) as error:
            network["red"].popen([])
        return [words[0] for words in printed], [words[1:] == ["can"] for words in printed], f"{red}\n{error.value}"

    stands_in, can, text = in_network(load("red-blue"), action)
    red, error = text.split("\n", 1)
    assert stands_in == [f"net:[{red}]"] * 2
    assert can == [True, False]
    assert error.startswith("netns['red'].popen(argv=[]): it takes a program with its arguments, as a list of texts")


def test_a_socket_is_connected_from_the_namespace(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        with network["blue"]:
            listener = socket.create_server(("198.51.100.2", 0))
        address = listener.getsockname()
        found = []
        with listener:
            for arguments in ((address,), (address, 5), (address, 5, ("192.0.2.2", 0))):
                with network["red"].create_connection(*arguments) as client:
                    found.append(listener.accept()[1][0])
            with network["red"].create_connection(address, timeout=7) as client:
                found.append(f"{client.gettimeout()}")
        return found

    assert in_network(load("red-blue"), action) == ["192.0.2.2"] * 3 + ["7.0"]


def test_the_threads_of_an_executor_live_in_the_namespace(in_network: InNetwork) -> None:
    """Whoever submits the job; in tasks of other namespaces, too."""

    def action(network: Network) -> list[Any]:
        found: list[Any] = []
        with network["red"].executor(2, initializer=lambda: found.append(here(network))) as executor:
            found.append(executor.submit(here, network).result())
            with network["blue"]:
                found.extend(executor.map(here, [network] * 2))

            async def main() -> None:
                loop = asyncio.get_running_loop()
                loop.set_default_executor(executor)
                async with network["blue"]:
                    found.append(await loop.run_in_executor(executor, here, network))
                    found.append(await asyncio.to_thread(here, network))

            asyncio.run(main())
        return [os.getpid() > 0, *found]

    assert set(in_network(load("red-blue"), action)) == {True, "red"}
