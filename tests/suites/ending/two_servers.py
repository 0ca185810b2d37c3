import pytest

from pytest_netns_mysql import factories

first = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})
second = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3308})

PIDS = []


@pytest.fixture
def undone():
    yield
    PIDS.append("torn down")


def test_it(undone, first, second):
    PIDS.extend([first.pid, second.pid])
    first.execute("CREATE SCHEMA stray")
    second.execute("CREATE SCHEMA stray")


def test_next(first, second):
    assert "torn down" in PIDS
    assert first.pid != PIDS[0]
    assert second.pid == PIDS[1]
    assert not first.execute("SHOW SCHEMAS LIKE 'stray'")
    assert not second.execute("SHOW SCHEMAS LIKE 'stray'")
