import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_mysql):
    netns_mysqld.restart(log_error_verbosity=3)
    assert False  # noqa: B011, PT015
