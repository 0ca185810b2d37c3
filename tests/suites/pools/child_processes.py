import concurrent.futures
import multiprocessing
import os

import pytest


def place(*_):
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()

METHODS = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])


@METHODS
def test_plain(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(place, range(2)) == [HOST] * 2


@METHODS
@pytest.mark.netns("red", "blue")
def test_netns(method, netns):
    context = multiprocessing.get_context(method)
    for name in ("global", "red"):
        with netns[name], concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            assert pool.submit(place).result() == place()
    with context.Pool(1) as pool:
        assert pool.map(place, range(2)) == [place()] * 2


@METHODS
def test_plain_again(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(place, range(2)) == [HOST] * 2
