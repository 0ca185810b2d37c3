import sys

import pytest


@pytest.mark.netns("red", "blue")
@pytest.mark.parametrize("turn", [1, 2])
def test_nothing_is_imported_for_reports(netns_mysql, turn):
    rooms = ("report", "mysql.access", "kernel.capture", "kernel.faults")
    imported = [name.removeprefix("pytest_netns_mysql.") for name in sys.modules]
    assert [name for name in imported if name.startswith(rooms)] == []
