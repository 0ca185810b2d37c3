import pytest


@pytest.mark.netns("red")
def test_red(netns):
    name = netns.here.name
    assert name == "red"
