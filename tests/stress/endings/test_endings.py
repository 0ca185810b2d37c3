"""Sessions that end in every way, at every stage: a moment later nothing of them is left."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.stress.endings import ways
from tests.stress.endings.session import Ending, Session
from tests.support.stress import IS_LONG, check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Leaves nothing"
Make = Callable[..., Session]
_AT_ONCE = 2
_SEED = int(os.environ.get("ENDINGS_SEED", "20"))
_MODES = [(), ("--netns-mode=rootless",)] if os.geteuid() == 0 else [(), ("--netns-capture=all",)]


def faults_of(sessions: Iterable[Callable[[], Session]]) -> tuple[int, list[str]]:
    """Make and run sessions, two at a time; return how many there were and what is left of each."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(_fault_of, sessions))
    return len(results), [fault for fault in results if fault]


def _fault_of(make: Callable[[], Session]) -> str:
    session = make()
    left = session.run()
    if left:
        printed = session.output.read_text(errors="replace")[-300:]
        return f"{session}: {session.took:.1f} s after its end there are {left}; it printed {printed!r}"
    return ""


def chosen(count: int, *groups: list[Ending]) -> list[Ending]:
    """Return so many endings, each group in its turn: first all ways once, then more stages of them."""
    random_order = random.Random(_SEED)
    queues = []
    for group in groups:
        by_way: dict[str, list[Ending]] = {}
        for ending in group:
            by_way.setdefault(ending.name, []).append(ending)
        rounds = [random_order.sample(endings, len(endings)) for endings in by_way.values()]
        random_order.shuffle(rounds)
        longest = max(map(len, rounds))
        queues.append([endings[at] for at in range(longest) for endings in rounds if at < len(endings)])
    found = [queue[at] for at in range(max(map(len, queues))) for queue in queues if at < len(queue)]
    return found[:count]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A maker of sessions, each in a folder of its own."""
    cache = settings.resolve().cache

    def make(number: int, ending: Ending, suite: str, *arguments: str, within: tuple[str, ...] = ()) -> Session:
        return Session(tmp_path / str(number), cache, ending, suite, arguments, within=within)

    return make


def test_sessions_that_end_in_any_way_leave_nothing(make: Make) -> None:
    randomly = random.Random(_SEED)
    moments = [each for _ in range(3) for each in ways.on_the_way(randomly.random())]
    endings = chosen(scaled(6, 120), ways.inside(), ways.by_signals(), moments)
    suites = ["small", "programs", "tree"] if IS_LONG else ["programs", "small"]
    sessions = (
        partial(make, number, ending, suites[number % len(suites)], *_MODES[number // 2 % len(_MODES)])
        for number, ending in enumerate(endings)
    )
    check(AREA, "sessions that end in every way, at every stage, leave nothing", *faults_of(sessions))


def test_sessions_with_workers_leave_nothing(make: Make) -> None:
    where = "gw0"
    moments = ways.on_the_way(random.Random(_SEED).random(), where)
    # Without the kernel's help a worker that is stopped would outlive its controller for ever.
    stopped = Ending("SIGSTOP of a worker, then SIGKILL", "collection", "wait", ways.STOPPED_WORKER, where)
    endings = [stopped, *chosen(scaled(1, 60), ways.by_signals(where), ways.inside(where), moments)]
    sessions = (
        partial(make, number, ending, "programs" if number % 2 else "small", "-n2", *_MODES[number // 2 % len(_MODES)])
        for number, ending in enumerate(endings)
    )
    check(AREA, "sessions with two workers that end in every way leave nothing", *faults_of(sessions))


@pytest.mark.root
def test_sessions_on_a_full_disk_leave_nothing(make: Make) -> None:
    """A file system of a few pages takes the place of the temporary folder, and then of the shared memory."""
    full = 'mount -t tmpfs -o size={} none {} && exec "$@"'
    places = [(size, place) for size in ("4k", "64k", "1m") for place in ('"$TMPDIR"', "/dev/shm")]
    sessions = []
    for number, (size, place) in enumerate(places[: scaled(1, len(places))]):
        within = ("unshare", "--mount", "sh", "-c", full.format(size, place), "sh")
        sessions.append(partial(make, number, Ending("none", "exit", "go"), "tree", within=within))
    check(AREA, "sessions whose disk is full leave nothing", *faults_of(sessions))
