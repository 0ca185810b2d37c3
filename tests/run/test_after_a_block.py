"""Generators that are closed after their test, and fixtures that are wider than a test."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user


def test_a_generator_that_is_closed_late_moves_no_later_test(suite: Suite) -> None:
    result = suite(
        "after_a_block/late_generators",
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


def test_a_wider_fixture_runs_outside_of_all_namespaces_and_its_failure_says_so(suite: Suite) -> None:
    """As root on the host, otherwise in a namespace of its own: no endpoint can be reached from either."""
    result = suite(
        "after_a_block/wider_fixtures",
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "OriginError: the module-scoped fixture connected connects to 192.0.2.2, an address of namespace red, from "
            "outside of all namespaces: it runs *",
            '  do: connect inside `with netns[[]"red"]:`',
            '  do: or with netns_mysqld.connect(namespace="red", ...)',
            "  do: or make the fixture function-scoped: then it runs in the test's namespace",
        ]
    )
