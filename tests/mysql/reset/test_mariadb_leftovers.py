"""What a test leaves on a shared MariaDB: the next test finds none of it, whatever it is."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

# Each pollution is a test, and the test after it looks by SQL of its own whether the server is as it was at first.


def test_the_next_test_sees_nothing_of_it(suite: Suite) -> None:
    result = suite("mariadb_leftovers/polluted", "--netns-mysqld=mariadb")
    assert result.parseoutcomes() == {"passed": 53}
