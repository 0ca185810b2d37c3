import ctypes
import os
import signal
import threading
from pathlib import Path

import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_connect):
    connection = netns_connect("red", driver="pymysql")
    os.kill(netns_mysqld.pid, signal.SIGSEGV)
    while netns_mysqld.is_running:
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.netns("red")
def test_the_thread_of_a_connection(netns_mysqld, netns_connect):
    connection = netns_connect("red", driver="pymysql")
    with connection.cursor() as cursor:
        waiting = threading.Thread(target=end_thread_of, args=[netns_mysqld, connection.thread_id()])
        waiting.start()
        try:
            cursor.execute("SELECT SLEEP(60)")
        finally:
            waiting.join()


def end_thread_of(server, number):
    """Send a signal to the thread that serves a connection, once it runs a statement."""
    query = "SELECT THREAD_OS_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = %s AND PROCESSLIST_INFO LIKE %s"
    while not (found := server.execute(query, number, "%SLEEP%")):
        pass
    tasks = Path(f"/proc/{server.pid}/task")
    for task in tasks.iterdir():
        # The server has a namespace of its own for process numbers: the last number is the one that it knows.
        (numbers,) = (line.split()[1:] for line in (task / "status").read_text().splitlines() if "NSpid:" in line)
        if numbers[-1] == str(found[0][0]):
            ctypes.CDLL(None).tgkill(server.pid, int(task.name), signal.SIGSEGV)
