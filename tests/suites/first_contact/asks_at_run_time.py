import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld):
    pass
