"""A patched function in a namespace, which is restored after the test."""

import os

import pytest
from places import HOST, network


@pytest.mark.netns("red")
def test_patched(netns, mocker):
    mocker.patch("os.getcwd", return_value="/shop")
    assert (os.getcwd(), netns.here.name) == ("/shop", "red")


def test_restored():
    assert os.getcwd() != "/shop"
    assert network() == HOST
