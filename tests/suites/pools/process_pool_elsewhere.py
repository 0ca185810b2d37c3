import concurrent.futures
import multiprocessing
import os

import pytest


def place(*_):
    return os.stat("/proc/thread-self/ns/net").st_ino


HOST = place()


@pytest.fixture(scope="module")
def executor():
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(place).result() == place()
        yield pool


@pytest.fixture(scope="module")
def pool():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        yield pool


@pytest.mark.netns("red")
def test_executor(executor):
    executor.submit(place)


@pytest.mark.netns("red")
def test_pool(pool):
    pool.map(place, range(2))
