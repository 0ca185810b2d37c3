import pytest


@pytest.mark.netns("red", "blue")
def test_passes(netns_mysql):
    pass


@pytest.mark.netns("red")
def test_fails(netns_connect):
    netns_connect("blue", user="nobody", password="wrong")


@pytest.mark.netns("red")
def test_skips():
    pytest.skip("not today")


@pytest.fixture
def torn(netns_mysql):
    yield
    raise ValueError("in the teardown")


@pytest.mark.netns("blue")
def test_fails_twice(torn):
    raise ValueError("in the test")


@pytest.mark.netns("red", topology="isolated")
def test_elsewhere(netns):
    pass


def test_of_another_kind():
    pass
