import pytest

pytestmark = pytest.mark.netns(topology="shop.toml")


@pytest.mark.netns("shop")
def test_nearer_marker_further_topology(netns):
    assert netns.here is netns["shop"]


class TestClass:
    @pytest.mark.netns("db", topology="bridge")
    def test_nearest_topology(self, netns):
        assert netns.here is netns["db"]
