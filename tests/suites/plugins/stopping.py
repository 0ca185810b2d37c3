"""Netns tests before and after a plain test; those fail whose names are in the file ``failing``."""

from pathlib import Path

import pytest
from places import HOST, named, network


def fail_if_asked(name):
    assert name not in Path("failing").read_text()


@pytest.mark.netns("red")
def test_red():
    assert network() == named("red")
    fail_if_asked("red")


def test_plain():
    assert network() == HOST
    fail_if_asked("plain")


@pytest.mark.netns("blue")
def test_blue():
    assert network() == named("blue")
    fail_if_asked("blue")
