"""Many tests that do to their namespaces whatever a test may do, at random: each stands where its marker says.

``RANDOM_TESTS=300 RANDOM_SEED=8 pytest tests/stress/places/test_random_places.py`` runs as many others.
"""

from __future__ import annotations

import os

import pytest

from tests.support.stress import IS_LONG, check, scaled
from tests.support.suites import InnerRun, Suite

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Never in the wrong namespace"
SEED = os.environ.get("RANDOM_SEED", "7")
# Without root each sandbox is a rootless one.
MODES = ["auto", "rootless"] if os.geteuid() == 0 else ["auto"]
RUNS = [("auto", "0", "no"), (MODES[-1], "2", "loadscope")]
# Each way that xdist has to give tests to its workers.
MORE_RUNS = [
    (mode, "2", name) for mode in MODES for name in ("load", "loadscope", "loadfile", "loadgroup", "worksteal", "each")
]


def run(suite: Suite, name: str, *arguments: str, **files: str) -> InnerRun:
    return suite(
        f"random_places/{name}",
        *("-Wdefault", "-q", "--netns-topology=red-blue", *arguments),
        conftest="random_places/conftest_actions",
        asyncactions="random_places/asyncactions",
        processactions="random_places/processactions",
        syncactions="random_places/syncactions",
        **files,
    )


def faults_in(result: InnerRun, count: int, call: str) -> list[str]:
    """Return what to try again: the run, and what failed in it."""
    found = result.parseoutcomes()
    wrong = {key: number for key, number in found.items() if key not in ("passed", "warnings", "warning", "subtests")}
    return [] if not wrong and found.get("passed") == count else [f"{call}: {found}\n{result.summary()}"]


@pytest.mark.parametrize(("mode", "workers", "distribution"), RUNS[:1] + MORE_RUNS if IS_LONG else RUNS)
def test_each_test_runs_in_the_namespace_of_its_marker(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, mode: str, workers: str, distribution: str
) -> None:
    """The actions check the place after each step; fixtures and hooks around them check it before and after a test."""
    count = int(os.environ.get("RANDOM_TESTS", scaled(20, 2000 if workers == "0" else 500)))
    monkeypatch.setenv("RANDOM_TESTS", str(count))
    monkeypatch.setenv("RANDOM_SEED", SEED)
    arguments = f"--netns-mode={mode}", "-n", workers, f"--dist={distribution}"
    result = run(suite, "actions", *arguments)
    runs = 2 if distribution == "each" else 1
    faults = faults_in(result, count * runs, f"seed {SEED}, {' '.join(arguments)}")
    check(AREA, "random tests run in the namespace of their marker, in setup, call and teardown", count * runs, faults)


@pytest.mark.parametrize("mode", MODES if IS_LONG else MODES[:1])
def test_everything_of_a_test_runs_in_its_namespace_and_no_wider_fixture_does(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Fixtures of each scope, finalizers of each kind, marked classes, subtests, reruns, several topologies."""
    count = scaled(1, 40)
    monkeypatch.setenv("RANDOM_TESTS", str(count))
    arguments = f"--netns-mode={mode}", "--netns-topology=red-blue,dual-stack", "-p", "reruns"
    result = run(suite, "kinds", *arguments, reruns="random_places/reruns")
    tests = result.parseoutcomes().get("passed", 0)
    faults = faults_in(result, tests, f"kinds, {' '.join(arguments)}")
    if tests < 20 * count:
        faults.append(f"only {tests} tests ran: {result.summary()}")
    check(AREA, "fixtures, finalizers and tests of each kind run in their namespaces", tests, faults)


@pytest.mark.parametrize(
    ("mode", "debugger"),
    [(mode, debugger) for mode in MODES for debugger in ((), ("--pdb",))]
    if IS_LONG
    else [(MODES[-1], ()), (MODES[0], ("--pdb",))],
)
def test_methods_of_unittest_and_doctests_run_in_their_namespace(
    suite: Suite, mode: str, debugger: tuple[str, ...]
) -> None:
    """With --pdb pytest calls tearDown among the finalizers of the test."""
    result = run(suite, "cases", f"--netns-mode={mode}", "--doctest-modules", *debugger)
    found = result.parseoutcomes()
    faults = [] if (found.get("passed"), found.get("xfailed")) == (3, 1) else [f"{mode} {debugger}: {result.summary()}"]
    check(AREA, "methods of unittest and doctests run in their namespace", 4, faults)
