"""Tests with the marker of pytest-repeat, alone and with several namespaces."""

import pytest
from places import HOST, network, origin


@pytest.mark.repeat(2)
def test_plain():
    assert network() == HOST


@pytest.mark.repeat(2)
@pytest.mark.netns("red", "blue")
def test_netns(netns_mysql, netns):
    assert origin(netns_mysql) == netns.here.address
