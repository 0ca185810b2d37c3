import os
import pathlib

import pytest


def state():
    return {
        "ids": (os.getuid(), os.geteuid(), os.getgid(), os.getegid()),
        "home": pathlib.Path.home(),
        "own file": os.stat(__file__).st_uid,
        "directory": os.getcwd(),
    }


BEFORE, RUN = state(), sorted(set(os.listdir("/run")) - {"netns", "pytest-netns-mysql"})


@pytest.mark.netns
def test_state(netns):
    assert state() == BEFORE
    assert sorted(set(os.listdir("/run")) - {"netns", "pytest-netns-mysql"}) == RUN
    assert sorted(os.listdir("/run/netns")) == ["blue", "red"]
    for name in RUN:
        there = pathlib.Path("/run", name)
        assert there.is_symlink() or there.exists()


@pytest.mark.netns
def test_permissions_hold(tmp_path):
    secret = tmp_path / "secret"
    secret.touch(mode=0)
    if os.geteuid() == 0 and os.environ["EXPECTED_MODE"] != "rootless":
        secret.read_text()
    else:
        with pytest.raises(PermissionError):
            secret.read_text()
