"""Signal handlers and finalizers that enter blocks themselves, between any two steps of another block."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from pytest_netns_mysql.kernel.namespaces.placedjob import SubmissionPlace
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load
from tests.kernel.conftest import in_network, in_sandbox
from tests.support.birthplaces import born, place, places
from tests.support.stress import check, scaled

__all__ = ["in_network", "in_sandbox"]  # fixtures

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
AREA = "Never in the wrong namespace"
MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])


@MODES
@pytest.mark.parametrize("base", ["outside", "red"])
def test_a_signal_handler_may_enter_blocks_at_any_step_of_another_block(
    in_network: InNetwork, mode: str, base: str
) -> None:
    def action(network: Network) -> tuple[int, list[int]]:
        there = places(network)
        chance = random.Random(1)
        handled = 0
        faults = []

        def enter(*_: object) -> None:
            nonlocal handled
            handled += 1
            with network["blue"], network["global"]:
                pass

        signal.signal(signal.SIGALRM, enter)
        if base != "outside":
            network[base].__enter__()
        for number in range(scaled(400, 20_000)):
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 3e-4))
            for _ in range(4):
                with network["blue"], network["red"], network["global"]:
                    pass
            signal.setitimer(signal.ITIMER_REAL, 0)
            if place() != there[base]:
                faults.append(number)
                network._sandbox.bring_back()
        return handled, faults

    handled, faults = in_network(load("red-blue"), action, mode)
    check(AREA, "signal handlers that enter namespaces at any moment move no other code", handled, faults)


@MODES
def test_a_finalizer_may_enter_blocks_at_any_step_of_another_block(in_network: InNetwork, mode: str) -> None:
    def action(network: Network) -> tuple[int, list[int]]:
        there = places(network)
        ended = 0
        faults = []

        class Entering:
            def __init__(self) -> None:
                self.cycle = self

            def __del__(self) -> None:
                nonlocal ended
                ended += 1
                with network["blue"]:
                    pass

        gc.set_threshold(7)
        for number in range(scaled(1000, 20_000)):
            Entering()
            with network["global"], network["red"]:
                Entering()
            if place() != there["outside"]:
                faults.append(number)
                network._sandbox.bring_back()
        return ended, faults

    ended, faults = in_network(load("red-blue"), action, mode)
    check(AREA, "finalizers that enter namespaces at any moment move no other code", ended, faults)


@MODES
def test_a_signal_handler_may_enter_blocks_at_any_step_of_the_creation_of_a_socket_in_an_async_block(
    in_network: InNetwork, mode: str
) -> None:
    def action(network: Network) -> tuple[int, list[tuple[str, int]]]:
        there = places(network)
        chance = random.Random(1)
        handled = 0
        faults: list[tuple[str, int]] = []

        def enter(*_: object) -> None:
            nonlocal handled
            handled += 1
            with network["global"]:
                pass

        async def create() -> None:
            async with network["blue"]:
                for number in range(scaled(400, 20_000)):
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 2e-4))
                    faults.extend(("socket", number) for _ in range(4) if born() != there["blue"])
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    if place() != there["red"]:
                        faults.append(("thread", number))

        signal.signal(signal.SIGALRM, enter)
        with network["red"]:
            asyncio.run(create())
        return handled, faults

    handled, faults = in_network(load("red-blue"), action, mode)
    check(AREA, "blocks of signal handlers, while a socket is created, move nobody else", handled, faults)


@MODES
def test_a_signal_handler_may_give_jobs_to_a_pool_at_any_step_of_a_block(in_network: InNetwork, mode: str) -> None:
    """The job runs where the thread stood at that moment, on its way into a block or out of it."""

    def action(network: Network) -> tuple[int, list[int]]:
        chance = random.Random(1)
        jobs: list[tuple[int, Future[int]]] = []

        def submit(*_: object) -> None:
            jobs.append((place(), pool.submit(SubmissionPlace(network._sandbox).bound(place))))

        signal.signal(signal.SIGALRM, submit)
        with ThreadPoolExecutor(1) as pool:
            for _ in range(scaled(400, 20_000)):
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 3e-4))
                for _ in range(4):
                    with network["blue"], network["red"]:
                        pass
                signal.setitimer(signal.ITIMER_REAL, 0)
        return len(jobs), [number for number, (wanted, job) in enumerate(jobs) if job.result() != wanted]

    count, faults = in_network(load("red-blue"), action, mode)
    check(AREA, "jobs that signal handlers give to a pool run where the handler stood", count, faults)
