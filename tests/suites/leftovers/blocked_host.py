import socket
import time

import mysql.connector
import pytest


def test_it_blocks(netns, netns_account, netns_connect, netns_mysqld):
    account = netns_account("app", host="red.db.test", password="right")
    netns_connect("red", account=account)
    for _ in range(2):
        with netns["red"], socket.create_connection(("192.0.2.2", 3306)) as sock:
            sock.recv(1)
    # The server counts an error when its thread notices that the socket is closed.
    while not netns_mysqld.execute("SELECT 1 FROM performance_schema.host_cache WHERE SUM_CONNECT_ERRORS > 0"):
        time.sleep(0.01)
    with pytest.raises(mysql.connector.Error, match="is blocked because of many connection errors"):
        netns_connect("red", account=account)


@pytest.mark.netns("red")
def test_it_is_let_in(netns_mysql):
    pass
