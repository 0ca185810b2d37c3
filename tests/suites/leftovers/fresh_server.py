import pytest

PIDS = []


@pytest.fixture(scope="session")
def shop(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA shop")


@pytest.mark.netns("red")
def test_nobody_used_it_yet(netns_mysqld_fresh, netns_mysqld, netns_mysql):
    assert netns_mysqld_fresh is netns_mysqld
    PIDS.append(netns_mysqld.pid)


def test_the_next_has_another(shop, netns_mysqld):
    PIDS.append(netns_mysqld.pid)


def test_a_fresh_one_is_another_again(netns_mysqld_fresh):
    PIDS.append(netns_mysqld_fresh.pid)
    assert ("shop",) not in netns_mysqld_fresh.execute("SHOW SCHEMAS")
    netns_mysqld_fresh.execute("SET GLOBAL max_connections = 7")
    netns_mysqld_fresh.restart()


def test_and_what_was_on_the_first_is_there_again(shop, netns_mysqld):
    PIDS.append(netns_mysqld.pid)
    assert ("shop",) in netns_mysqld.execute("SHOW SCHEMAS")


@pytest.mark.netns
def test_each_was_a_server_of_its_own():
    assert len(set(PIDS)) == 4
