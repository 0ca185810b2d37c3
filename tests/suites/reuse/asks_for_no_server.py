import pytest


@pytest.mark.netns("red")
def test_it(netns):
    assert netns["red"].address == "192.0.2.2"
