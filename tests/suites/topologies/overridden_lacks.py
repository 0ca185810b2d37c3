import pytest


@pytest.fixture
def own():
    return 1


@pytest.fixture(scope="session")
def wide():
    return 2


@pytest.mark.netns("red")
def test_wrong(own, wide):
    pass


@pytest.mark.netns("shop")
def test_right(own, wide):
    assert own + wide == 3
