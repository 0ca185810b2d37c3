import pytest

from pytest_netns_mysql.topology import load


@pytest.fixture(scope="session")
def netns_topology():
    return load("bridge")


@pytest.mark.netns("db")
def test_it(netns):
    assert netns.here is netns["db"]
