"""What the patches for ``async with`` blocks make right, refuse and undo."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import BlockError, OriginError
from pytest_netns_mysql.kernel.namespaces import asyncpatches
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import from_mapping, load
from tests.support.birthplaces import born, place

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]


def test_a_task_that_outlives_its_test_opens_nothing_in_its_old_namespace(in_network: InNetwork) -> None:
    """What needs no network still works, such as a socket of another family or a thread."""

    def action(network: Network) -> list[str]:
        attempts: list[Callable[[], object]] = [
            born,
            lambda: socket.socket(socket.AF_INET6),
            lambda: subprocess.run(["true"], check=True),
            lambda: os.system("true"),
            lambda: multiprocessing.Process(target=int).start(),
            lambda: socket.socket(socket.AF_UNIX).close(),
            lambda: socket.getaddrinfo("127.0.0.1", 1),
        ]

        async def left(ended: asyncio.Event) -> list[str]:
            await ended.wait()
            told = []
            for attempt in attempts:
                try:
                    attempt()
                    told.append("it works")
                except OriginError as error:
                    told.append(str(error))
            for job in (born, place):
                try:
                    told.append(str(await asyncio.to_thread(job) == place()))
                except OriginError as error:
                    told.append(error.what)
            return told

        async def main() -> list[str]:
            ended = asyncio.Event()
            async with network["red"]:
                task = asyncio.create_task(left(ended))
            network._sandbox.owned_by_test.end("test_shop.py::test_before")
            ended.set()
            return await task

        return asyncio.run(main())

    *refused, unix, name, job, idle_job = in_network(load("red-blue"), action)
    for error, does in zip(
        refused, ["opens a socket"] * 2 + ["starts a program"] * 2 + ["starts a process"], strict=True
    ):
        what, tried, *remedies = error.splitlines()
        assert what == (f"a task was left running by an earlier test, and {does} in red, where that test had put it")
        assert tried.startswith("  tried: the task was made in test_shop.py::test_before, in the block of red at ")
        assert remedies[0] == "  do: cancel the task, or await it, in the test that makes it"
    assert (unix, name, idle_job) == ("it works", "it works", "True")
    assert job == refused[0].splitlines()[0]


def test_names_are_those_of_the_sandbox(in_network: InNetwork) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "hosts": ["db.example"]}}})

    def action(network: Network) -> list[Any]:
        async def main() -> list[Any]:
            async with network["red"]:
                loop = asyncio.get_running_loop()
                found = await loop.getaddrinfo("db.example", 80, type=socket.SOCK_STREAM)
                return [found[0][4][0], socket.getaddrinfo("db.example", 80)[0][4][0]]

        with network._sandbox.at_rest():
            return asyncio.run(main())

    assert in_network(topology, action) == ["192.0.2.2", "192.0.2.2"]


def test_a_closed_network_takes_nobody_in(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        other = Network(network._sandbox, load("dual-stack"))
        red = other["red"]
        other._close()

        async def main() -> None:
            async with red:
                pass

        errors = []
        for enter in (lambda: asyncio.run(main()), lambda: red.run(["true"]), lambda: red(born)()):
            with pytest.raises(BlockError) as error:
                enter()
            errors.append(error.value.what)
        return errors

    text = "the network of red was closed: nothing can enter the namespace any more"
    assert in_network(load("red-blue"), action) == [text] * 3


def test_the_patches_are_gone_with_the_sandbox(in_network: InNetwork) -> None:
    owners: list[tuple[Any, str]] = [
        (socket.socket, "__init__"),
        (socket, "getaddrinfo"),
        (subprocess.Popen, "__init__"),
        (threading.Thread, "start"),
        (multiprocessing.Process, "start"),
    ]

    def now() -> list[Any]:
        return [getattr(owner, name) for owner, name in owners]

    def action(network: Network) -> tuple[list[bool], bool]:
        before = now()

        async def main() -> list[Any]:
            async with network["red"]:
                return now()

        inside = asyncio.run(main())
        network._close()
        network._sandbox.close()
        return [new is old for new, old in zip(inside, before, strict=True)], now() == before

    assert in_network(load("red-blue"), action) == ([False] * 5, True)


def test_a_run_inside_of_another_one_leaves_the_patches_of_the_outer_run(in_network: InNetwork) -> None:
    def action(network: Network) -> bool:
        asyncpatches.install("the inner run")

        async def main() -> int:
            async with network["red"]:
                asyncpatches.remove("the inner run")
                return born()

        return asyncio.run(main()) == network["red"](born)()

    assert in_network(load("red-blue"), action)
