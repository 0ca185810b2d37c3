import pytest


@pytest.mark.netns_leftovers("keep")
class TestBuilding:
    def test_it(self, netns_mysqld, request):
        group = request.node.get_closest_marker("xdist_group")
        assert group.args == ("netns_leftovers of test_inner.py::TestBuilding",)


def test_other(netns_mysqld, request):
    assert request.node.get_closest_marker("xdist_group") is None
