"""Code that runs in a namespace, in a child process there and in a thread is measured by coverage."""

import subprocess
import sys
import threading

import pytest
import shop
from places import HOST, network


def test_plain():
    assert network() == HOST


@pytest.mark.netns("red", "blue")
def test_namespaces(netns):
    assert shop.price(netns.here.name)


def test_child(netns):
    child = netns["red"].run([sys.executable, "shop.py"], stdout=subprocess.PIPE, text=True, check=True)
    assert child.stdout == "3\n"


@pytest.mark.netns("blue")
def test_thread():
    thread = threading.Thread(target=shop.price, args=["thread"])
    thread.start()
    thread.join()
