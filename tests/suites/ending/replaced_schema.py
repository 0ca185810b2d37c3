import pytest


@pytest.fixture(scope="session")
def locked(netns_mysqld):
    connection = netns_mysqld.connect()
    connection.cmd_query("FLUSH TABLES WITH READ LOCK")
    yield connection
    connection.close()


def test_it(locked, netns_mysql):
    pass


def test_next(locked, netns_mysqld):
    locked.cmd_query("UNLOCK TABLES")
