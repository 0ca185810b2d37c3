"""Thread pools and process pools that outlive a block or a test."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user


# As root, plain tests run between netns tests; without root, plain tests run first.


def test_a_job_of_a_thread_pool_runs_where_it_was_submitted(suite: Suite) -> None:
    result = suite("pools/thread_pools", "--netns-mode=auto")
    result.assert_outcomes(passed=7)


@pytest.mark.slow
def test_a_child_process_runs_where_it_was_started(suite: Suite) -> None:
    """With every start method: a fork server, the default of Python 3.14, lives until the run ends."""
    result = suite(
        "pools/child_processes",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=12)


def test_a_job_for_a_process_pool_in_another_namespace_is_refused(suite: Suite) -> None:
    result = suite(
        "pools/process_pool_elsewhere",
        "--netns-mode=auto",
        "-Wdefault",  # Python 3.12 warns of fork() in a process with threads
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*OriginError: the processes of this pool run in another network namespace than the code that gives them "
            "work",
            "*  do: make the pool in the test (or the block) that uses it, and shut it down there",
        ]
    )
