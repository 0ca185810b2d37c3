import os

import pytest

HOST = os.readlink("/proc/thread-self/ns/net")


@pytest.fixture(scope="module")
def resting():
    return os.readlink("/proc/thread-self/ns/net")


@pytest.fixture
def inside(netns):
    yield netns.here.name
    assert netns.here.name == "red"


@pytest.mark.netns("red")
def test_first(netns, resting):
    assert netns.here.name == "red"


@pytest.mark.netns("red")
def test_second(inside):
    assert inside == "red"


def test_on_the_host():
    assert os.readlink("/proc/thread-self/ns/net") == HOST


@pytest.mark.netns("red")
def test_third(netns, inside, resting):
    assert os.path.exists("/run/netns/red")
    with netns["blue"]:
        pass
    assert netns.here.name == inside == "red"
    assert os.readlink("/proc/thread-self/ns/net") != resting


def test_on_the_host_again():
    assert os.readlink("/proc/thread-self/ns/net") == HOST
