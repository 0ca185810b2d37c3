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


@pytest.mark.netns("red", "global", "blue")
@pytest.mark.parametrize("number", [1, 2])
def test_everywhere(request, number):
    assert where() in request.node.name
