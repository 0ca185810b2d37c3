import pytest


@pytest.mark.netns("red")
def test_it(netns_mysql, netns_mysqld):
    assert netns_mysqld.execute("SELECT COUNT(*) FROM sys.version") == [(1,)]
