import pytest

from pytest_netns_mysql import factories

pytestmark = pytest.mark.netns(topology="replication")
replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")


def test_it(replica):
    assert False  # noqa: B011, PT015
