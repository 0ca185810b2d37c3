import contextlib
import os
import subprocess

import pytest


def watched():
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return found.count("/proc/sys/net/ipv4")


def break_it(netns):
    assert watched() == len(netns)
    assert "192.0.2.9" not in subprocess.check_output(["ip", "address"], text=True)
    with open("/proc/sys/net/ipv4/tcp_retries2") as setting:
        assert setting.read() == "15\n"
    subprocess.run(["ip", "address", "add", "192.0.2.9/24", "dev", "lo"], check=True)
    subprocess.run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)


@pytest.mark.netns("red", topology="red-blue")
def test_one(netns):
    break_it(netns)


@pytest.mark.netns("red", topology="isolated")
def test_another(netns):
    break_it(netns)


@pytest.mark.netns("red", topology="red-blue")
def test_the_one_again(netns):
    break_it(netns)


@pytest.mark.netns("red", topology="isolated")
def test_the_other_again(netns):
    break_it(netns)
