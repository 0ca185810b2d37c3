import pytest


@pytest.fixture
def inside(netns):
    yield
    assert netns.here.name == "red"
    print("torn down in red")


@pytest.mark.netns("red")
def test_before(inside):
    pass


@pytest.mark.netns("red")
def test_interrupted(inside, request):
    raise KeyboardInterrupt


@pytest.mark.netns("red")
def test_never_run():
    pass
