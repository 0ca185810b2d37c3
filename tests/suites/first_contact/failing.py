import pytest


@pytest.mark.netns("red")
def test_it(netns_mysql):
    assert 0  # noqa: PT015
