"""What test_load.py runs with many workers: each has a server and a network of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_netns_mysql import MySQLServer, NamespaceConnection


@pytest.mark.netns("red", "blue")
@pytest.mark.parametrize("number", range(2 * int(os.environ["WORKERS"])))
def test_in_each_worker(number: int, netns_mysql: NamespaceConnection, netns_mysqld: MySQLServer) -> None:
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT SUBSTRING_INDEX(USER(), '@', -1), COUNT(*) FROM information_schema.schemata")
        assert cursor.fetchone() is not None
    Path(os.environ["PIDS"], f"{os.environ['PYTEST_XDIST_WORKER']}-{netns_mysqld.pid}").touch()
