import pytest

from pytest_netns_mysql import factories

pytestmark = pytest.mark.netns(topology="replication")

replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")


def is_as_before(netns_mysqld, replica):
    netns_mysqld.execute("CREATE SCHEMA written_now")
    replica.wait_until_caught_up()
    assert replica.execute("SHOW SCHEMAS LIKE 'written_%'") == [("written_now",)]
    assert (replica.source, replica.writable, replica.is_promoted) == (netns_mysqld, netns_mysqld, False)


def test_before(netns_mysqld, replica):
    is_as_before(netns_mysqld, replica)


def test_a_failover(netns_mysqld, replica, netns_account):
    netns_mysqld.kill()
    replica.promote()
    netns_account("app", schema="written_meanwhile", server=replica)


def test_after_a_failover(netns_mysqld, replica):
    is_as_before(netns_mysqld, replica)


def test_a_switch(netns_mysqld, replica, netns_account):
    replica.promote()
    netns_account("app", schema="written_meanwhile", server=replica)


def test_after_a_switch(netns_mysqld, replica):
    is_as_before(netns_mysqld, replica)


def test_by_hand(netns_mysqld, replica, netns_account):
    netns_mysqld.kill()
    replica.execute("STOP REPLICA")
    replica.execute("RESET REPLICA ALL")
    netns_account("app", schema="written_meanwhile", server=replica)


def test_after_it_was_done_by_hand(netns_mysqld, replica):
    is_as_before(netns_mysqld, replica)


@pytest.fixture(scope="module")
def promoted(replica):
    replica.promote()
    replica.execute("CREATE SCHEMA written_for_all")


@pytest.mark.parametrize("number", [1, 2])
def test_of_a_wider_fixture(promoted, replica, netns_account, number):
    assert replica.is_promoted
    assert replica.execute("SHOW SCHEMAS LIKE 'written_%'") == [("written_for_all",)]
    netns_account("app", schema="written_meanwhile", server=replica)
