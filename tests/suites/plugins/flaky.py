"""Tests and fixtures that fail the first time; each is where it belongs each time."""

import pytest
from places import HOST, named, network, origin

runs = []


def fail_the_first_time(name):
    runs.append(name)
    assert runs.count(name) > 1


@pytest.fixture
def flaky(request):
    fail_the_first_time(f"fixture of {request.node.name}")
    return network()


@pytest.mark.netns("red", "blue")
def test_netns(netns_mysql, netns):
    assert network() == named(netns.here.name)
    assert origin(netns_mysql) == netns.here.address
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE made_each_time (id INT)")
    fail_the_first_time(netns.here.name)


@pytest.mark.netns("red")
def test_fixture(flaky):
    assert flaky == network() == named("red")


def test_plain():
    assert network() == HOST
    fail_the_first_time("plain")
