import pytest


@pytest.mark.netns("blue", topology="isolated,bridge")
def test_pinned():
    pass


class TestOwn:
    @pytest.fixture(scope="session")
    def netns_topology(self): ...

    def test_own(self, netns):
        pass
