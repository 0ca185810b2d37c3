import pytest


@pytest.mark.netns_leftovers("keep")
class TestTogether:
    def test_first(self, netns):
        assert netns.here.name == "red"

    def test_second(self, netns):
        assert netns.here.name == "red"
