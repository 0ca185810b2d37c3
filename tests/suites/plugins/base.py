"""Where tests, their fixtures and setup methods stand, and where their connections come from, under any plugin."""

import os

import pytest

HOST = int(os.environ["HOST_NETWORK"])
ORIGINS = {"red": "192.0.2.2", "blue": "198.51.100.2"}


def network():
    return os.stat("/proc/thread-self/ns/net").st_ino


def named(name):
    return os.stat(f"/run/netns/{name}").st_ino


def origin(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0].partition("@")[2]


@pytest.fixture(autouse=True)
def stands(request):
    is_netns_test = request.node.get_closest_marker("netns") is not None or "netns" in request.fixturenames
    assert (network() != HOST) is is_netns_test, "in setup"
    yield
    assert (network() != HOST) is is_netns_test, "in teardown"


def test_plain_first():
    assert network() == HOST


@pytest.mark.netns("red")
def test_red(netns_mysql):
    assert network() == named("red")
    assert origin(netns_mysql) == ORIGINS["red"]


@pytest.mark.netns("red", "blue")
def test_both(netns_mysql, netns):
    assert network() == named(netns.here.name)
    assert origin(netns_mysql) == ORIGINS[netns.here.name]


def test_two_sides(netns_connect):
    assert origin(netns_connect("red")) == ORIGINS["red"]
    assert origin(netns_connect("blue")) == ORIGINS["blue"]


@pytest.mark.netns("blue")
def test_without_a_server(netns):
    assert (network(), netns.here.name) == (named("blue"), "blue")


@pytest.mark.netns("red")
class TestMethods:
    def setup_method(self):
        assert network() == named("red")

    def teardown_method(self):
        assert network() == named("red")

    @pytest.mark.parametrize("text", ["plain", "with spaces, commas: [1/2] (ü)"])
    def test_in_a_class(self, text):
        assert network() == named("red")


@pytest.mark.parametrize("number", [1, 2])
def test_plain_last(number):
    assert network() == HOST
