import pytest


@pytest.mark.netns("gren")
def test_it():
    pass
