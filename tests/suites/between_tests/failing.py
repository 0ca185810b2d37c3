import os

import pytest


@pytest.fixture
def fails_in_setup(netns):
    raise ZeroDivisionError


@pytest.fixture
def fails_in_teardown(netns):
    yield
    assert netns.here.name == "red"
    raise ZeroDivisionError


@pytest.mark.netns("red")
def test_setup(fails_in_setup):
    pass


@pytest.mark.netns("red")
def test_call():
    raise ZeroDivisionError


@pytest.mark.netns("red")
def test_teardown(fails_in_teardown):
    pass


@pytest.mark.netns("red")
def test_skipped():
    pytest.skip("here")


@pytest.mark.netns("red")
def test_block_left_open(netns):
    netns["blue"].__enter__()


@pytest.mark.netns("red")
def test_after_all(netns):
    assert netns.here.name == "red"
    assert os.path.exists("/run/netns/red")
