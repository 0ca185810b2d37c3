"""A run finds its own server, data and network, whatever runs beside it."""

import os
import time

import pytest

TOKEN = os.environ["STRESS_TOKEN"]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.netns("red")
def test_the_server_is_this_runs_own(netns_mysql, netns_mysqld, number):
    netns_mysqld.execute(f"CREATE SCHEMA {TOKEN}_{number}")
    time.sleep(0.05)
    found = [name for (name,) in netns_mysqld.execute("SHOW SCHEMAS") if str(name).startswith("run")]
    assert found == [f"{TOKEN}_{number}"]
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT @@server_uuid")
        assert cursor.fetchall() == netns_mysqld.execute("SELECT @@server_uuid")
        cursor.execute("SELECT USER()")
        assert cursor.fetchone()[0].startswith("red_user@")
