import pytest

from pytest_netns_mysql import factories

pytestmark = pytest.mark.netns(topology="replication")

replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")


def test_it_promotes(netns_mysqld, replica):
    replica.promote()


def test_the_next_one(netns_mysqld, replica):
    assert replica.writable is netns_mysqld
