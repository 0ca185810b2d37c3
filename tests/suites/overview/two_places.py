import pytest


@pytest.mark.netns("red", "blue")
def test_marked():
    raise AssertionError


def test_global(netns):
    raise AssertionError


def test_other():
    raise AssertionError
