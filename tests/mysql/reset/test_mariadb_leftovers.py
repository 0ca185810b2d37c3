"""Whatever a test leaves on a shared MariaDB server, the next test finds the server as it was."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

# In the inner suite, each change is a test, and the test after it verifies by SQL that the server is as it was.


def test_the_next_test_finds_the_server_as_it_was(suite: Suite) -> None:
    result = suite("mariadb_leftovers/polluted", "--netns-mysqld=mariadb")
    assert result.parseoutcomes() == {"passed": 53}
