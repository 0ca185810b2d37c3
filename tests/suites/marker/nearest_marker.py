import os
import socket

import pytest


def where():
    names = {name for _, name in socket.if_nameindex()}
    for place, interface in (("red", "vpeer-red"), ("blue", "vpeer-blue"), ("global", "veth-red")):
        if interface in names:
            return place
    return "host" if os.stat("/proc/thread-self/ns/net").st_ino == OUTSIDE else "sandbox"


OUTSIDE = os.stat("/proc/thread-self/ns/net").st_ino


@pytest.mark.netns("red")
def test_function():
    assert where() == "red"


@pytest.mark.netns
def test_no_name():
    assert where() == "global"


def test_a_fixture_of_ours_is_enough(netns):
    assert where() == "global"


@pytest.mark.netns("blue")
class TestClass:
    def test_method(self):
        assert where() == "blue"

    @pytest.mark.netns("red")
    def test_nearer(self):
        assert where() == "red"
