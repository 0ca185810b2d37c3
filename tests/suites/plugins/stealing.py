"""Plain tests that take longer than the netns tests: a worker that is ready looks for more to do."""

import threading

import pytest
from places import HOST, network


@pytest.mark.parametrize("number", range(12))
def test_plain(number):
    threading.Event().wait(0.05)
    assert network() == HOST


@pytest.mark.netns("red")
@pytest.mark.parametrize("number", range(12))
def test_netns(netns, number):
    assert netns.here.name == "red"
