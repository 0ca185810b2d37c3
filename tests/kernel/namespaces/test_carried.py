"""What outlives a block or a test carries no namespace into another one: threads, pools, processes, generators."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

# Plain tests come between netns tests as root; without root all of them come before.


def test_threads_of_pools_work_where_their_jobs_are_given(suite: Suite) -> None:
    result = suite("carried/pools", "--netns-mode=auto")
    result.assert_outcomes(passed=7)


@pytest.mark.slow
def test_processes_stand_where_they_are_started(suite: Suite) -> None:
    """By every start method; a fork server, for example, is the default of Python 3.14 and lives until the run ends."""
    result = suite(
        "carried/processes",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=12)


def test_a_pool_of_processes_that_stand_elsewhere_is_refused(suite: Suite) -> None:
    result = suite(
        "carried/process_pool_elsewhere",
        "--netns-mode=auto",
        "-Wdefault",  # of fork() in a process that has threads, in Python 3.12 and newer
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*OriginError: the processes of this pool run in another network namespace than the code that gives them "
            "work",
            "*  do: make the pool in the test (or the block) that uses it, and shut it down there",
        ]
    )


def test_a_thread_that_a_test_left_running_is_refused_where_it_would_connect(suite: Suite) -> None:
    """A queue of one's own is no pool that could be known; a thread that ended, or works for its own test, is none."""
    result = suite(
        "carried/threads_left_running",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*OriginError: the thread worker was left running by an earlier test, and connects from the network "
            "namespace of that test during a test in another namespace",
            "*  where: test_inner.py::test_elsewhere",
            "*  tried: the thread was started in test_inner.py::test_starts_it",
            "*  do: end the thread in the test that starts it",
        ]
    )


def test_a_generator_that_ends_late_moves_no_test(suite: Suite) -> None:
    result = suite(
        "carried/late_generators",
        "-Wdefault",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=6, warnings=3)
    result.stdout.fnmatch_lines_random(
        [
            f"*NetnsWarning: the block of blue at test_inner.py:* was still open when {what} ended, and was closed "
            "then: a generator or a fixture that yields inside a `with netns?...?` block does not keep its caller in "
            "the namespace"
            for what in ("the setup of the fixture stepped", "the test")
        ]
    )


def test_a_wider_fixture_stands_in_no_namespace_and_is_told_so_where_it_fails(suite: Suite) -> None:
    """On the host as root, elsewhere without it, but for both where no endpoint is in reach."""
    result = suite(
        "carried/wider_fixtures",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "the module-scoped fixture connected runs outside of all namespaces, where no endpoint can be reached: "
            'connect inside of `with netns["red"]:` or by netns_mysqld.connect(namespace="red", ...), or make the '
            "fixture function-scoped"
        ]
    )
