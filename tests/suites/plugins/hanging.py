"""Tests that hang in red: one with a server, whose pid is written to a file."""

import threading
from pathlib import Path

import pytest


@pytest.mark.netns("red")
def test_with_a_server(netns_mysql, netns_mysqld):
    Path("pid").write_text(str(netns_mysqld.pid))
    threading.Event().wait(60)


@pytest.mark.netns("red")
def test_ready():
    """Have the network built, so that the next test does not hang before it runs."""


@pytest.mark.netns("red")
def test_without_a_server():
    threading.Event().wait(60)
