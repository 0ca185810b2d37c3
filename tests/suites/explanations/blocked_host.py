import socket
import time


def test_it(netns, netns_account, netns_connect, netns_mysqld):
    account = netns_account("app", host="red.db.test", password="right")
    netns_connect("red", account=account)
    for _ in range(2):
        with netns["red"], socket.create_connection(("192.0.2.2", 3306)) as sock:
            sock.recv(1)
    # The server counts an error when its thread notices that the socket is closed.
    while not netns_mysqld.execute("SELECT 1 FROM performance_schema.host_cache WHERE SUM_CONNECT_ERRORS > 0"):
        time.sleep(0.01)
    netns_connect("red", account=account)


def test_a_host_name(netns_mysqld, netns_account, netns_connect):
    netns_account("app", host="red.db.test", password="right")
    netns_connect("red", user="app", password="wrong")
