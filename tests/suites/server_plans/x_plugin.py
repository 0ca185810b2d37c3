import pytest


@pytest.mark.netns("red", topology="red-blue")
def test_x(netns_mysqlx, netns_mysqld):
    assert str(netns_mysqld.endpoint("blue", "mysqlx")) == "198.51.100.2/blue"


@pytest.mark.netns(topology="dual-stack")
def test_none(netns_mysqld):
    assert netns_mysqld.execute("SHOW STATUS LIKE 'Mysqlx_address'") == []
