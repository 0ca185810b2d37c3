"""A marker that names no namespace of the topology: an error of the collection, before any server is started."""

import pytest


@pytest.mark.netns("green")
def test_in_green(netns_mysql):
    assert netns_mysql.is_connected()
