import pytest


@pytest.mark.netns("red")
def test_it(request, netns, netns_mysqld, netns_topology):
    assert netns.topology is netns_topology
    assert netns_topology.name == "red-blue"
    known = vars(request.config).setdefault("networks", {})
    assert known.setdefault("red-blue", (netns, netns_mysqld.pid)) == (netns, netns_mysqld.pid)
