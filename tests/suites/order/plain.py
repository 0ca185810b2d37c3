import os

import pytest

HOST = int(os.environ["HOST_NETWORK"])


def place():
    return os.stat("/proc/thread-self/ns/net").st_ino


@pytest.mark.parametrize("number", range(3))
def test_plain(number):
    assert place() == HOST
