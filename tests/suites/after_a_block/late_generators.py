import gc
import os

import pytest


def place(*_):
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()

KEPT = []


def stepping(netns, name="blue"):
    with netns[name]:
        yield


@pytest.fixture
def stepped(netns):
    steps = stepping(netns)
    next(steps)
    yield steps  # noqa: PT022


@pytest.mark.netns("red")
def test_fixture(stepped):
    pass


@pytest.mark.netns("red")
def test_keeps(netns):
    KEPT.append(stepping(netns))
    next(KEPT[0])


@pytest.mark.netns("blue")
def test_ends_it(netns):
    with netns["blue"]:
        here = place()
        KEPT.clear()
        assert place() == here
    assert place() == here


@pytest.mark.netns("red")
def test_cycle(netns):
    steps = stepping(netns)
    next(steps)
    cycle = [steps]
    cycle.append(cycle)


@pytest.mark.netns("red")
def test_collects(netns):
    here = place()
    gc.collect()
    assert place() == here


def test_plain():
    assert place() == HOST
    gc.collect()
    assert place() == HOST
