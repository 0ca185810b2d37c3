import pytest


@pytest.fixture(scope="session")
def netns_topology():
    return {"namespaces": {"red": "192.0.2.2/24"}}


def test_it(netns):
    pass
