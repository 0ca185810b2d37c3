import os
from pathlib import Path

import pytest


@pytest.mark.netns("red")
def test_that_replaces(netns):
    os.dup2(os.open("/run/netns/blue", os.O_RDONLY), netns["red"]._descriptor)


@pytest.mark.netns("red")
def test_red():
    if Path("/proc/thread-self/ns/net").stat().st_ino != Path("/run/netns/red").stat().st_ino:
        Path("ran-elsewhere").touch()
