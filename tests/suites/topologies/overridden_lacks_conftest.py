import pytest

from pytest_netns_mysql import from_mapping


@pytest.fixture(scope="session")
def netns_topology():
    return from_mapping({"namespaces": {"shop": "203.0.113.2/24"}})
