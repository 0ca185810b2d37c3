"""The cache of what a fresh server is like: it is what the server itself would answer."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite


@pytest.mark.slow
@pytest.mark.parametrize("mysqld", ["auto", "mariadb"])
def test_a_fresh_server_is_as_the_cache_has_it(suite: Suite, mysqld: str) -> None:
    suite("fresh_state/servers", f"--netns-mysqld={mysqld}").assert_outcomes(passed=12)
