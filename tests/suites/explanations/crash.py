import os
import signal

import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_connect):
    connection = netns_connect("red", driver="pymysql")
    os.kill(netns_mysqld.pid, signal.SIGSEGV)
    while netns_mysqld.is_running:
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
