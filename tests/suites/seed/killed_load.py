import os
import signal
from pathlib import Path

from pytest_netns_mysql import factories


def fill(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA shop")
    once = Path(__file__).with_name("once")
    if not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)


shop = factories.mysqld(load=fill)


def test_it(shop):
    assert shop.execute("SHOW SCHEMAS LIKE 'shop'") == [("shop",)]
