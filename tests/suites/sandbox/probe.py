import os
import pathlib


def in_user_namespace():
    return pathlib.Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]


def test_unmarked():
    assert in_user_namespace() == (os.environ["EXPECTED"] == "early")
