import json
import os
import time

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
    time.sleep(float(os.environ.get("WAIT", "0")))
