"""A marker that names no namespace of the topology: an error of the collection, before any server is started."""

import pytest

from pytest_netns_mysql import NamespaceConnection


@pytest.mark.netns("green")
def test_in_green(netns_mysql: NamespaceConnection) -> None:
    assert netns_mysql.is_connected()
