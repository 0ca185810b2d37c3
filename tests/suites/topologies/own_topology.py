import pytest

from pytest_netns_mysql.topology import load


@pytest.mark.netns("app")
def test_it(request, netns, netns_mysqld, netns_topology):
    assert netns.topology is netns_topology
    assert netns_topology.name == "bridge"
    known = vars(request.config).setdefault("networks", {})
    assert known.setdefault("bridge", (netns, netns_mysqld.pid)) == (netns, netns_mysqld.pid)


@pytest.fixture(scope="session")
def netns_topology():
    return load("bridge")
