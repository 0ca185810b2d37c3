import pytest


@pytest.mark.netns("red")
def test_origin(netns_mysql): ...
