"""A server that crashes: the error names the signal, the statement, and whose connection it was."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, NetnsError, ServerGoneError, StartFactory
from pytest_netns_mysql.mysql.waiting import wait_until

pytestmark = pytest.mark.live

SLEEPS = "SELECT SLEEP(600), 'of red'"
Ask = Callable[..., list[tuple[Any, ...]]]


def thread_of(server: MySQLServer, connection: int, ask: Ask) -> int:
    """Return the id of the thread that serves a connection, as this process sees it."""
    ((number,),) = ask("SELECT THREAD_OS_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = %s", connection)
    for task in Path(f"/proc/{server._running_pid()}/task").iterdir():
        line = next(one for one in (task / "status").read_text().splitlines() if one.startswith("NSpid:"))
        if int(line.split()[-1]) == number:
            return int(task.name)
    raise AssertionError(number)


def in_the_background(work: Callable[[], Any]) -> tuple[threading.Thread, list[BaseException]]:
    """Run something in a thread; return it with the errors that it ends with."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except (mysql.connector.Error, ServerGoneError) as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def wait_for_statement(ask: Ask) -> int:
    """Return the number of the connection that runs the statement, once it does."""
    while True:
        for number, text in ask("SELECT ID, INFO FROM performance_schema.processlist WHERE COMMAND = 'Query'"):
            if text == SLEEPS:
                return int(number)


def crash(server: MySQLServer, connection: int, number: int, ask: Ask | None = None) -> None:
    """Send a signal to the thread of a connection, as a fault in it would be."""
    thread = thread_of(server, connection, ask or server.execute)
    assert ctypes.CDLL(None).tgkill(server._running_pid(), thread, number) == 0


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT], ids=["SEGV", "ABRT"])
def test_a_crash_in_a_statement(
    netns_start_mysqld: StartFactory, netns_account: AccountFactory, netns_connect: ConnectFactory, number: int
) -> None:
    server = netns_start_mysqld(options={"port": 3340})
    app = netns_account("app", host="192.0.2.2", password="x", server=server)
    connection = netns_connect("red", server=server, account=app)
    thread, errors = in_the_background(lambda: connection.cmd_query(SLEEPS))
    served = wait_for_statement(server.execute)
    crash(server, served, number)
    thread.join()
    assert "Lost connection" in str(errors[0])
    name = signal.Signals(number).name
    what = f'mysqld crashed: signal {number} ({name}) while connection {served} (app from red) ran "{SLEEPS}"'
    for ask in (lambda: server.execute("SELECT 1"), lambda: netns_connect("red", server=server, account=app)):
        with pytest.raises(ServerGoneError) as error:
            ask()
        first, _, *lines = str(error.value).splitlines()
        assert first == what
        assert len(lines) == 4
        assert "stack: " in lines[0]
        assert "Item_func_sleep::val_int" in lines[0]
    assert server._describe().endswith(f"not running: {what}")
    assert server.crash == what

    server.restart()
    assert server.crash == ""
    assert server.execute("SELECT 1") == [(1,)]


def test_a_crash_in_a_statement_of_the_administrator_names_the_statement(netns_start_mysqld: StartFactory) -> None:
    server = netns_start_mysqld(options={"port": 3340})
    with server.connect() as other, other.cursor() as cursor:

        def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
            cursor.execute(query, values)
            return list(cursor.fetchall())

        thread, errors = in_the_background(lambda: server.execute(SLEEPS))
        number = wait_for_statement(ask)
        crash(server, number, signal.SIGSEGV, ask)
        thread.join()
    assert isinstance(errors[0], ServerGoneError)
    assert str(errors[0]).startswith(
        f'mysqld crashed: signal 11 (SIGSEGV) while connection {number} (the administrator) ran "{SLEEPS}"'
    )


def test_a_crash_names_an_idle_connection(netns_start_mysqld: StartFactory, netns_connect: ConnectFactory) -> None:
    server = netns_start_mysqld(options={"port": 3340})
    connection = netns_connect("blue", server=server, driver="pymysql")
    number = connection.thread_id()
    crash(server, number, signal.SIGSEGV)
    wait_until(lambda: not server.is_running, timeout=60, error=lambda: NetnsError("it runs on"))
    with pytest.raises(ServerGoneError) as error:
        server.execute("SELECT 1")
    assert str(error.value).startswith(
        f"mysqld crashed: signal 11 (SIGSEGV) while connection {number} (blue_user from blue) ran no statement"
    )


def test_a_killed_server(netns_start_mysqld: StartFactory) -> None:
    server = netns_start_mysqld(options={"port": 3340})
    server.kill()
    with pytest.raises(ServerGoneError) as error:
        server.execute("SELECT 1")
    assert str(error.value).splitlines() == [
        "mysqld is not running: it was ended by SIGKILL",
        f"  where: {server.folder}",
        "  do: if no test killed it, the kernel did for lack of memory: see dmesg; a server takes about 400 MB",
        "  do: in a test that stops the server, use a server of its own: factories.mysqld",
    ]
