import pytest


@pytest.mark.netns("red", "db")
def test_it(netns):
    pass
