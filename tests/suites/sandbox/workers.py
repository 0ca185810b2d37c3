import os
import pathlib
import time

import pytest


@pytest.mark.parametrize("number", range(2))
@pytest.mark.netns("red")
def test_it(netns_mysql, netns_mysqld, number, request):
    meeting = pathlib.Path(request.config.rootpath)
    mine = f"{os.stat('/proc/thread-self/ns/net').st_ino} {netns_mysqld.pid}"
    (meeting / f"worker{number}.draft").write_text(mine)
    (meeting / f"worker{number}.draft").rename(meeting / f"worker{number}")
    deadline = time.monotonic() + 60
    while not (meeting / f"worker{1 - number}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    theirs = (meeting / f"worker{1 - number}").read_text()
    assert not set(mine.split()) & set(theirs.split())
    assert netns_mysqld.endpoint("red").port == 3306
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT @@port, @@hostname, USER()")
        assert cursor.fetchone()[::2] == (3306, "red_user@192.0.2.2")
