"""What a test promoted: the next one finds source and replica as before."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow


def test_the_next_test_finds_source_and_replica(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite("failover_leftovers/promotions", "-rA", *as_written)
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(
        [
            "*left on mysqld: the server is replaced (teardown)*",
            "the server does not run: it was ended by SIGKILL",
            "*left on replica: the server is replaced (teardown)*",
            "the replica was promoted, and takes writes of its own",
            "*left on mysqld: the server is replaced (teardown)*",
            "the server does not run: it was ended by SIGKILL",
        ]
    )


def test_a_test_that_promotes_a_shared_replica_fails_where_leftovers_do(
    suite: Suite, as_written: tuple[str, str]
) -> None:
    result = suite("failover_leftovers/failing", *as_written, "--netns-leftovers=fail")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*tried: replica: the replica was promoted, and takes writes of its own"])
