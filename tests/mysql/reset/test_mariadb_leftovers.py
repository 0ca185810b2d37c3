"""Whatever a test leaves on a shared MariaDB server, the next test finds the server as it was."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

# In the inner suite, each change is a test, and the test after it verifies by SQL that the server is as it was.


@pytest.mark.parametrize(
    ("theme", "pollutions"),
    [
        ("of_accounts", 5),
        ("of_settings", 6),
        ("of_schemas", 4),
        ("of_connections", 5),
        ("of_the_server", 6),
    ],
)
def test_the_next_test_finds_the_server_as_it_was(suite: Suite, theme: str, pollutions: int) -> None:
    result = suite(f"mariadb_leftovers/{theme}", "--netns-mysqld=mariadb", looks="mariadb_leftovers/looks")
    result.assert_outcomes(passed=1 + 2 * pollutions)
