import os

import pytest

TRIES = []


@pytest.fixture
def inside(netns):
    assert netns.here.name == "red"
    yield
    assert netns.here.name == "red"


@pytest.mark.netns("red")
def test_flaky(netns, inside):
    assert netns.here.name == "red"
    TRIES.append(os.getcwd())
    assert len(TRIES) == 3
