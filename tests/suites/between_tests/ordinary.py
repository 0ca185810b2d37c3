import os

import pytest


def place():
    return [os.readlink(f"/proc/thread-self/ns/{kind}") for kind in ("net", "mnt")]


@pytest.fixture(scope="module")
def outside():
    before = place()
    yield before
    assert place() == before


@pytest.fixture
def inside(netns):
    assert netns.here.name == "red"
    before = place()
    yield before
    assert place() == before


@pytest.mark.netns("red")
@pytest.mark.parametrize("number", range(3))
def test_alone(number):
    assert os.path.exists("/run/netns/red")


@pytest.mark.netns("red")
@pytest.mark.parametrize("number", range(3))
def test_with_fixtures(outside, inside, number, request):
    assert place() == inside != outside
    request.addfinalizer(lambda: inside == place() or pytest.fail("the finalizer ran elsewhere"))


@pytest.mark.netns("red")
def test_with_blocks(netns):
    with netns["blue"], netns["red"]:
        assert netns.here.name == "red"
    assert netns.here.name == "red"
