"""Threads that a test left running in its namespace."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user


def test_a_thread_left_running_cannot_connect_during_a_test_in_another_namespace(suite: Suite) -> None:
    """The thread takes jobs from a queue of its own, which the patches of pools cannot see."""
    result = suite(
        "straythreads/thread_left_running",
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
