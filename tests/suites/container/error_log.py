import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_connect):
    netns_mysqld.execute("SET GLOBAL log_error_verbosity = 3")
    netns_connect(user="nobody", password="wrong")
