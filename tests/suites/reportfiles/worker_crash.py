import os

import pytest


@pytest.mark.netns("red")
def test_ends(netns):
    raise ValueError("before the crash")


@pytest.mark.netns("red")
def test_crashes(netns):
    os._exit(7)
