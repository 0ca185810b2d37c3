"""A topology that pytest-env chooses by NETNS_TOPOLOGY."""

from places import HOST, network


def test_plain():
    assert network() == HOST


def test_topology(netns):
    assert netns.topology.name == "nat"
