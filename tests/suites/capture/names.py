import pytest


@pytest.mark.netns("red")
@pytest.mark.parametrize("value", ["a/b", "a b", "a:b", "../../x", "é" * 300, "x" * 300, "\x00", "", "-"])
def test_names(value, netns):
    pass
