import os

import pytest


@pytest.mark.netns("shop")
def test_it(netns, netns_topology):
    assert netns["shop"].address == "203.0.113.2"
    assert netns_topology.name == os.environ["EXPECTED_TOPOLOGY"]
