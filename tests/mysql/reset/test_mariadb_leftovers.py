"""What a test leaves on a shared MariaDB: the next test finds none of it, whatever it is."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

# Each pollution is a test, and the test after it looks by SQL of its own whether the server is as it was at first.


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
def test_the_next_test_sees_nothing_of_it(suite: Suite, theme: str, pollutions: int) -> None:
    result = suite(f"mariadb_leftovers/{theme}", "--netns-mysqld=mariadb", looks="mariadb_leftovers/looks")
    result.assert_outcomes(passed=1 + 2 * pollutions)
