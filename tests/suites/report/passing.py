import sys

import pytest


@pytest.mark.netns("red", "blue")
@pytest.mark.parametrize("turn", [1, 2])
def test_nothing_is_imported_for_reports(netns_mysql, turn):
    assert [name for name in sys.modules if name.startswith("pytest_netns_mysql.report")] == []
