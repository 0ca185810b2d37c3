import ctypes
import pathlib
import signal
import threading

import mysql.connector
import pytest


def crash(server, number):
    ((thread,),) = server.execute(
        "SELECT THREAD_OS_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = %s", number
    )
    for task in pathlib.Path(f"/proc/{server._running_pid()}/task").iterdir():
        line = next(one for one in (task / "status").read_text().splitlines() if one.startswith("NSpid:"))
        if int(line.split()[-1]) == thread:
            assert ctypes.CDLL(None).tgkill(server._running_pid(), int(task.name), int(signal.SIGSEGV)) == 0
    while server.is_running:
        pass


def crash_in_a_statement(server, connection):
    thread = threading.Thread(target=lambda: pytest.raises(mysql.connector.Error, connection.cmd_query, STATEMENT))  # noqa: RUF061
    thread.start()
    while not server.execute("SELECT 1 FROM performance_schema.processlist WHERE INFO = %s", STATEMENT):
        pass
    crash(server, connection.connection_id)
    thread.join()


STATEMENT = "SELECT SLEEP(600)"


@pytest.mark.netns("red")
def test_it_passes(netns_mysqld, netns_mysql):
    crash_in_a_statement(netns_mysqld, netns_mysql)


@pytest.mark.netns("blue")
def test_it_fails(netns_mysqld, netns_mysql):
    crash_in_a_statement(netns_mysqld, netns_mysql)
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.netns("red")
def test_the_next_one(netns_mysqld, netns_mysql):
    assert netns_mysqld.crash == ""
    assert netns_mysqld.execute("SELECT 1") == [(1,)]
