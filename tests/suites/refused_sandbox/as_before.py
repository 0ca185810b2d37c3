import json
import os
import pathlib

import pytest

MAP, USER, NAMESPACES = json.loads(os.environ["AS_BEFORE"])


@pytest.fixture(autouse=True)
def as_before():
    assert pathlib.Path("/proc/self/uid_map").read_text().split() == MAP
    assert os.getuid() == USER
    assert [os.stat(f"/proc/self/ns/{kind}").st_ino for kind in ("user", "net", "mnt")] == NAMESPACES
    yield
    assert [os.stat(f"/proc/self/ns/{kind}").st_ino for kind in ("user", "net", "mnt")] == NAMESPACES


def test_before():
    pass


@pytest.mark.netns("red")
def test_netns(netns):
    raise AssertionError("there is no sandbox")


def test_after(tmp_path):
    (tmp_path / "file").touch()
    assert (tmp_path / "file").stat().st_uid == USER
