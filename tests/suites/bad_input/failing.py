import pytest


@pytest.mark.netns("blue")
def test_first(netns_mysqld):
    pass


@pytest.mark.netns("red")
def test_it(netns_mysqld):
    netns_mysqld.execute("SET GLOBAL log_error_verbosity = 3")
    netns_mysqld.execute("SET GLOBAL max_connections = 11")
    netns_mysqld.execute("FLUSH ERROR LOGS")
    assert 0  # noqa: PT015
