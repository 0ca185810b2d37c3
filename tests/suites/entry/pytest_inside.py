import pathlib
import sys

import pytest


def test_it(monkeypatch):
    with open("log", "a") as log:
        log.write("run ")
    if len(pathlib.Path("log").read_text().split()) > 1:
        return
    monkeypatch.setenv("NETNS_MODE", "rootless")
    assert pytest.main(sys.argv[1:]) == 0
