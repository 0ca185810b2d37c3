import pytest


def test_plain():
    pass


@pytest.mark.netns("red")
def test_red(netns):
    assert netns.here.name == "red"
