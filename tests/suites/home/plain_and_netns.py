import os

import pytest

HOST = os.stat("/proc/thread-self/ns/net").st_ino, os.stat("/proc/thread-self/ns/mnt").st_ino


def here():
    return os.stat("/proc/thread-self/ns/net").st_ino, os.stat("/proc/thread-self/ns/mnt").st_ino


def test_before():
    assert here() == HOST


@pytest.mark.netns("red")
def test_red(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert here()[0] != HOST[0]
    assert here()[1] != HOST[1]


def test_between(request):
    assert here() == HOST
    assert os.getcwd() == str(request.config.rootpath)


@pytest.mark.netns
def test_global():
    assert here()[0] != HOST[0]


def test_after():
    assert here() == HOST
