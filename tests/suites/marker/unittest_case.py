import os
import socket
import unittest

import pytest


def where():
    names = {name for _, name in socket.if_nameindex()}
    for place, interface in (("red", "vpeer-red"), ("blue", "vpeer-blue"), ("global", "veth-red")):
        if interface in names:
            return place
    return "host" if os.stat("/proc/thread-self/ns/net").st_ino == OUTSIDE else "sandbox"


OUTSIDE = os.stat("/proc/thread-self/ns/net").st_ino


@pytest.mark.netns("red")
class Case(unittest.TestCase):
    def setUp(self):
        assert where() == "red"

    def tearDown(self):
        assert where() == "red"

    def test_it(self):
        assert where() == "red"
