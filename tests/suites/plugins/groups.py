"""Groups of xdist's --dist loadgroup with plain tests and netns tests."""

import pytest
from places import HOST, network


@pytest.mark.xdist_group("first")
def test_plain_of_the_first():
    assert network() == HOST


@pytest.mark.xdist_group("first")
@pytest.mark.netns("red", "blue")
def test_netns_of_the_first(netns):
    assert network() != HOST


@pytest.mark.xdist_group("second")
@pytest.mark.netns("red")
def test_netns_of_the_second(netns):
    assert network() != HOST


@pytest.mark.xdist_group("second")
def test_plain_of_the_second():
    assert network() == HOST


def test_plain_of_no_group():
    assert network() == HOST
