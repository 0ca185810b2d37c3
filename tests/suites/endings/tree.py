import pytest

from pytest_netns_mysql import factories

source = factories.source(bind_address="192.0.2.2/red", options={"port": 3307})
replica = factories.replica(source, bind_address="198.51.100.2/blue", options={"port": 3308})
router = factories.router(namespace="blue")


@pytest.mark.netns("red")
def test_it(netns, netns_mysqld, netns_mysql, source, replica, router):
    replica.catch_up()
    pool = netns["blue"].executor(2)
    assert pool.submit(int, "1").result() == 1


@pytest.mark.netns("blue")
def test_more(netns_mysql, router):
    netns_mysql.ping()
