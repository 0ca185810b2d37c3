"""A server that crashes under a test: its report says so, and the next test has a fresh server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow
Suite = Callable[..., pytest.RunResult]

SUITE = """
    import ctypes, pathlib, signal, threading
    import mysql.connector
    import pytest

    def crash(server, number):
        ((thread,),) = server.execute(
            "SELECT THREAD_OS_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = %s", number
        )
        for task in pathlib.Path(f"/proc/{server.running_pid()}/task").iterdir():
            line = next(one for one in (task / "status").read_text().splitlines() if one.startswith("NSpid:"))
            if int(line.split()[-1]) == thread:
                assert ctypes.CDLL(None).tgkill(server.running_pid(), int(task.name), int(signal.SIGSEGV)) == 0
        while server.is_running:
            pass

    def crash_in_a_statement(server, connection):
        thread = threading.Thread(target=lambda: pytest.raises(mysql.connector.Error, connection.cmd_query, STATEMENT))
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
"""


def test_reports_name_the_crash(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(SUITE, "-rP", *as_written)
    result.assert_outcomes(passed=2, failed=1)
    told = 'mysqld crashed: signal 11 (SIGSEGV) while connection * ({0}_user from {0}) ran "SELECT SLEEP(600)"'
    result.stdout.fnmatch_lines(
        [
            f"mysqld: *, not running: {told.format('blue')}",
            "*left on mysqld: the server is replaced*",
            f"the server does not run: {told.format('blue')}",
            "*left on mysqld: the server is replaced*",
            f"the server does not run: {told.format('red')}",
            f"netns: mysqld during test_inner.py::test_it_passes: the server does not run: {told.format('red')}",
        ]
    )


def test_a_crash_at_the_very_end_of_a_test_is_that_tests(suite: Suite) -> None:
    result = suite(
        """
        import os
        import signal

        def test_it(netns_mysqld, netns_mysql):
            os.kill(netns_mysqld.pid, signal.SIGABRT)

        def test_the_next_one(netns_mysqld, netns_mysql):
            assert netns_mysqld.execute("SELECT 1") == [(1,)]
        """
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["netns: mysqld during *::test_it: * mysqld crashed: signal 6 (SIGABRT) *"])
