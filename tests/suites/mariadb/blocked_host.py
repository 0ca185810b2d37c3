import socket

import mysql.connector
import pytest


def test_it_blocks(netns, netns_account, netns_connect):
    account = netns_account("app", host="red.db.test", password="right")
    netns_connect("red", account=account)
    greeting = b""
    while b"is blocked" not in greeting:  # an error is counted some time after the connection has ended
        with netns["red"], socket.create_connection(("192.0.2.2", 3306)) as sock:
            greeting = sock.recv(200)
    with pytest.raises(mysql.connector.Error, match="is blocked because of many connection errors"):
        netns_connect("red", account=account)


@pytest.mark.netns("red")
def test_it_is_let_in(netns_mysql):
    pass
