import os

import pytest


def test_first():
    pass


@pytest.mark.netns("red")
def test_netns(netns):
    assert not os.environ.get("FAIL")


def test_last():
    pass
