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


@pytest.mark.parametrize("place", ["host", pytest.param("red", marks=pytest.mark.netns("red")), "host"])  # noqa: PT014
def test_it(place, request):
    assert where() == place
    assert ("netns" in request.fixturenames) <= (place == "red")
