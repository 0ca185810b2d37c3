import os

import pytest

PLACES = []


@pytest.fixture(autouse=True, scope="module")
def place():
    PLACES.append(os.stat("/proc/thread-self/ns/net").st_ino)


@pytest.mark.netns
def test_stray(netns):
    netns["red"].__enter__()


@pytest.mark.netns
def test_next(netns):
    with netns["global"]:
        there = os.stat("/proc/thread-self/ns/net").st_ino
    assert os.stat("/proc/thread-self/ns/net").st_ino == there
