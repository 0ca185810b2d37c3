import pytest

SEEN = {}


@pytest.mark.parametrize("number", range(3))
def test_it(number, netns_mysqld, netns, netns_topology):
    first = SEEN.setdefault(netns_topology.name, (netns_mysqld.pid, netns))
    assert first == (netns_mysqld.pid, netns)
    names = netns["global"].run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in names.splitlines()} == set(netns_topology.namespaces)
    print(number, netns_topology.name)
