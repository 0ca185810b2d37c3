import os
import signal
import time

import pytest


@pytest.mark.netns("red")
def test_ends(netns):
    raise ValueError("before Ctrl-C")


@pytest.mark.netns("red")
def test_is_interrupted(netns):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(600)
