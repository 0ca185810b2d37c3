import os

import pytest

OUTSIDE = os.stat("/proc/thread-self/ns/net").st_ino


def is_outside():
    return os.stat("/proc/thread-self/ns/net").st_ino == OUTSIDE


@pytest.mark.netns("red", "blue")
def test_everywhere(netns):
    assert netns.here.name in ("red", "blue")


def test_plain_first():
    assert is_outside()


@pytest.mark.parametrize("number", range(3))
@pytest.mark.netns("red")
def test_numbers(netns, number):
    assert netns.here.name == "red"


def test_plain_second():
    assert is_outside()


@pytest.mark.netns("blue")
class TestBlue:
    def test_first(self, netns):
        assert netns.here.name == "blue"

    def test_second(self, netns):
        assert netns.here.name == "blue"


def test_global(netns):
    assert netns.here.name == "global"
