"""A server that crashes under a test: its report says so, and the next test has a fresh server."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow


def test_reports_name_the_crash(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite("crash/crashes", "-rP", *as_written)
    result.assert_outcomes(passed=2, failed=1)
    told = 'mysqld crashed: signal 11 (SIGSEGV) while connection * ({0}_user from {0}) ran "SELECT SLEEP(600)"'
    result.stdout.fnmatch_lines(
        [
            f"*mysqld: MySQL *, not running: {told.format('blue')}",
            "*left on mysqld: the server is replaced*",
            f"the server does not run: {told.format('blue')}",
            "*left on mysqld: the server is replaced*",
            f"the server does not run: {told.format('red')}",
            f"netns: mysqld during test_inner.py::test_it_passes: the server does not run: {told.format('red')}",
        ]
    )


def test_a_crash_at_the_very_end_of_a_test_is_that_tests(suite: Suite) -> None:
    result = suite("crash/crash_at_the_end")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["netns: mysqld during *::test_it: * mysqld crashed: signal 6 (SIGABRT) *"])
