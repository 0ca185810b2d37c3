import ctypes
import os

import pytest

from pytest_netns_mysql.kernel.namespaces import syscalls

BREAK = os.environ["BREAK"]


def close_all():
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith(("net:", "mnt:")):
                os.close(int(name))
        except OSError:
            pass


@pytest.mark.netns("red")
def test_before():
    pass


@pytest.mark.netns("red")
def test_that_breaks():
    if BREAK == "return":
        syscalls.setns = lambda fd, kind: None
    elif BREAK == "capabilities":
        syscalls.limit_capabilities(frozenset())
    elif BREAK == "descriptors":
        close_all()
    else:
        assert ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) == 0


@pytest.mark.netns("blue")
def test_after():
    pass


@pytest.mark.netns("red", "blue")
def test_after_that():
    pass
