import mysql.connector
import pytest


@pytest.mark.netns("red")
def test_cause(netns_connect):
    try:
        netns_connect("red", user="nobody")
    except mysql.connector.Error as error:
        raise RuntimeError("the application cannot start") from error


@pytest.mark.netns("red")
def test_in_a_pool(netns_connect):
    from concurrent.futures import ThreadPoolExecutor

    def work():
        netns_connect("red", user="nobody")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
