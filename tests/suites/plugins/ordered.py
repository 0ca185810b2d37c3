"""Tests that pytest-order orders: a netns test first, a plain test last."""

import pytest
from places import HOST, network


def test_unordered():
    assert network() == HOST


@pytest.mark.order("last")
def test_last():
    assert network() == HOST


@pytest.mark.order("first")
@pytest.mark.netns("red")
def test_first(netns):
    assert netns.here.name == "red"


@pytest.mark.order(after="test_first")
def test_after_a_netns_test():
    assert network() == HOST
