import pytest


def test_one(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA kept")


@pytest.mark.netns_leftovers("reset")
def test_reset(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA gone")


@pytest.mark.netns_leftovers("fail")
def test_fail(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA failed")


def test_last(netns_mysqld):
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'kept'")
    assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'gone'")
    assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'failed'")
