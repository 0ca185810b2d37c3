import os
import socket

import pytest
import pytest_asyncio


def where():
    names = {name for _, name in socket.if_nameindex()}
    for place, interface in (("red", "vpeer-red"), ("blue", "vpeer-blue"), ("global", "veth-red")):
        if interface in names:
            return place
    return "host" if os.stat("/proc/thread-self/ns/net").st_ino == OUTSIDE else "sandbox"


OUTSIDE = os.stat("/proc/thread-self/ns/net").st_ino


@pytest_asyncio.fixture
async def inner():
    assert where() == "red"
    yield
    assert where() == "red"


@pytest.mark.asyncio
@pytest.mark.netns("red")
async def test_it(inner):
    assert where() == "red"
