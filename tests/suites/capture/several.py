import pytest


@pytest.mark.netns("red", topology="red-blue,nat")
def test_topologies(netns_mysql):
    raise ValueError


@pytest.mark.netns("red")
def test_no_server(netns):
    raise ValueError
