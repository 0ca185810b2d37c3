import json
import os
import pathlib

import pytest


def note(config, server):
    file = config.rootpath / "seen"
    seen = json.loads(file.read_text()) if file.exists() else []
    file.write_text(json.dumps([*seen, [server.pid, os.getppid()]]))


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_mysql, pytestconfig):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'stray'") == []
    assert netns_mysqld.execute("SELECT user FROM mysql.user WHERE user = 'stray'") == []
    assert netns_mysqld.execute("SELECT @@long_query_time") == [(10.0,)]
    note(pytestconfig, netns_mysqld)


def touch(netns):
    netns["global"].__enter__()
    pathlib.Path("/run/pytest-netns-mysql/stray").touch()


LEAVE = {
    "nothing else": lambda server, netns: None,
    "mysqld": lambda server, netns: server.kill(),
    "options": lambda server, netns: server.restart(long_query_time=4),
    "link": lambda server, netns: netns.link("red").down(),
    "address": lambda server, netns: netns["red"].run(
        ["ip", "address", "add", "192.0.2.77/24", "dev", "lo"], check=True
    ),
    "file": lambda server, netns: touch(netns),
    "process": lambda server, netns: print("left", os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "60")),
    "killed run": lambda server, netns: os.kill(os.getpid(), 9),
}


@pytest.mark.netns("red")
def test_it_leaves_a_lot(netns_mysqld, netns):
    netns_mysqld.execute("CREATE SCHEMA stray")
    netns_mysqld.execute("CREATE USER stray")
    netns_mysqld.execute("SET GLOBAL long_query_time = 3")
    LEAVE[os.environ["LEAVE"]](netns_mysqld, netns)
