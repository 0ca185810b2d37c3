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

seen = []


@pytest.fixture
def inner(request):
    seen.append(("inner", where()))
    request.addfinalizer(lambda: seen.append(("inner finalizer", where())))  # noqa: PT021
    yield
    seen.append(("inner teardown", where()))


@pytest.fixture(autouse=True)
def automatic():
    seen.append(("automatic", where()))
    yield
    seen.append(("automatic teardown", where()))


@pytest.fixture(scope="class")
def wide():
    seen.append(("wide", where()))
    yield
    seen.append(("wide teardown", where()))


@pytest.fixture(scope="class")
def late():
    seen.append(("late", where()))
    yield
    seen.append(("late teardown", where()))


@pytest.mark.netns("red")
class TestRed:
    @classmethod
    def setup_class(cls):
        seen.append(("setup_class", where()))

    @classmethod
    def teardown_class(cls):
        seen.append(("teardown_class", where()))

    def setup_method(self):
        seen.append(("setup_method", where()))

    def teardown_method(self):
        seen.append(("teardown_method", where()))

    def test_it(self, inner, wide, request):
        request.getfixturevalue("late")
        request.addfinalizer(lambda: seen.append(("test finalizer", where())))
        seen.append(("test", where()))


def test_all_was_seen():
    print(sorted(seen))
    inside = {
        "inner",
        "inner finalizer",
        "inner teardown",
        "automatic",
        "automatic teardown",
        "test",
        "test finalizer",
        "setup_method",
        "teardown_method",
    }
    outside = {"wide", "wide teardown", "late", "late teardown", "setup_class", "teardown_class"}
    first = [item for item in seen if item[0] not in ("automatic",) or item[1] == "red"]
    assert {name for name, place in first if place == "red"} == inside
    assert {name for name, place in first if name in outside} == outside
    assert {place for name, place in first if name in outside} == {os.environ["RESTING"]}
