"""A thread that a test leaves in a wrong namespace comes back, or the run stops and names the test."""

from __future__ import annotations

from itertools import product

import pytest

from tests.support.stress import IS_LONG, check
from tests.support.suites import Suite

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Never in the wrong namespace"
STOPPED = "the thread could not be brought back from the namespace that this test left it in"
ELSEWHERE = "the thread was moved to red, and stands in another network namespace"
MOVES = ["network", "mount", "both", "joined", "thread"]
BREAKS = ["return", "capabilities", "descriptors"]
WORKERS = ["0", "2"]


@pytest.mark.parametrize(
    ("move", "workers"), [*product(MOVES, WORKERS)] if IS_LONG else [("both", "0"), ("joined", "2")]
)
def test_a_test_that_moves_its_thread_moves_no_other_test(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, move: str, workers: str
) -> None:
    monkeypatch.setenv("MOVE", move)
    result = suite("broken_returns/moving", "-n", workers, "--dist=loadscope", "-q")
    found = result.parseoutcomes()
    faults = [] if found.get("passed") == 5 and len(found) == 1 else [f"{move}, -n {workers}: {result.summary()}"]
    check(AREA, "a test that moves itself by setns or unshare moves no test after it", 4, faults)


# A process of several threads, as a worker of xdist is, cannot leave its user namespace.
@pytest.mark.parametrize(
    ("way", "workers"), [*product(BREAKS, WORKERS), ("user namespace", "0")] if IS_LONG else [("return", "0")]
)
def test_a_run_whose_thread_does_not_come_back_stops_and_names_the_test(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, way: str, workers: str
) -> None:
    monkeypatch.setenv("BREAK", way)
    result = suite("broken_returns/breaking", "-n", workers, "--dist=loadscope", "-q")
    text = result.stdout.str()
    wanted = [STOPPED, "test_inner.py::test_that_breaks", "find what in the test changes its namespace, root or cap"]
    faults = [f"{way}, -n {workers}: no {each!r}\n{text[-2000:]}" for each in wanted if each not in text]
    found = result.parseoutcomes()
    if found.get("passed", 0) > 2 or result.ret == 0:
        faults.append(f"{way}, -n {workers}: the run went on: {found}")
    check(AREA, "a run whose thread does not come back stops, and names the test", 1, faults)


def test_a_namespace_whose_descriptor_was_replaced_runs_no_test(suite: Suite, pytester: pytest.Pytester) -> None:
    result = suite("broken_returns/replacing", "-q")
    found = result.parseoutcomes()
    text = result.stdout.str()
    faults = [] if ELSEWHERE in text and "closes or replaces descriptors" in text else [f"no error: {text[-2000:]}"]
    if (pytester.path / "ran-elsewhere").exists():
        faults.append(f"the test ran in another namespace: {found}")
    check(AREA, "a test whose namespace is no longer to be found does not run in another", 1, faults)
