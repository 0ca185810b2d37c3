"""Subtests in namespaces: each fails for itself, and the test goes on where it stands."""

import unittest

import pytest
from places import HOST, named, network


def test_plain(subtests):
    with subtests.test("plain"):
        assert network() == HOST


@pytest.mark.netns("red")
def test_red(subtests, netns):
    for name in ("red", "blue"):
        with subtests.test(name), netns[name]:
            assert network() == named(name)
    with subtests.test("fails in blue"), netns["blue"]:
        assert network() == named("red")
    with subtests.test("goes on in red"):
        assert network() == named("red")


@pytest.mark.netns("blue")
class Case(unittest.TestCase):
    def test_blue(self):
        with self.subTest("fails"):
            assert network() == HOST
        with self.subTest("goes on in blue"):
            assert network() == named("blue")
