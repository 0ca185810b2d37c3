"""Reading a crash from an error log; the texts are from MySQL 9.7.4 and MariaDB 10.11.18."""

from __future__ import annotations

import re

import mysql.connector
import pymysql
import pytest

from pytest_netns_mysql.mysql.mysqld.connectionnames import ConnectionNames
from pytest_netns_mysql.mysql.mysqld.crash import crash_in
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.failure import gone_error

BEFORE = "2026-11-26T04:30:38.555157Z 0 [System] [MY-010931] [Server] mysqld: ready for connections.\n"
MYSQL = """\
2026-11-26T04:30:38Z UTC - mysqld got signal 11 ;
Signal SIGSEGV (Address not mapped to object) at address 0x0
Most likely, you have hit a bug, but this error can also be caused by malfunctioning hardware.
BuildID[sha1]=cc8a18826385d7182761a4a8f41044748267244d
Thread pointer: 0x564295e3b1d0
Attempting backtrace. You can use the following information to find out
where mysqld died. If you see no messages after this, something went
terribly wrong...
stack_bottom = 7f66742ffb80 thread_stack 0x100000
 #0 0x564254cf9e84 <unknown>
 #1 0x564254cfa3bc _Z19handle_fatal_signaliP9siginfo_tPv
 #2 0x7f669324a6af <unknown>
 #6 0x7f669329e4ec pthread_cond_timedwait
 #7 0x564254f342cf _ZN18Interruptible_wait4waitEP12mysql_cond_tP13mysql_mutex_t
 #8 0x564254f345e2 _ZN15Item_func_sleep7val_intEv
 #16 0x564254b3c4a6 _Z21mysql_execute_commandP3THDb

Trying to get some variables.
Some pointers may be invalid and cause the dump to abort.
Query (564295dd14b0): SELECT SLEEP(30),
 'a; two'
Connection ID (thread ID): 9
Status: NOT_KILLED

The manual page at https://dev.mysql.com/doc/mysql/en/crashing.html contains
information that should help you find out what is causing the crash.
"""
OF_ITS_OWN = """\
2026-11-26T04:30:38Z UTC - mysqld got signal 6 ;
Thread pointer: 0x0
stack_bottom = 0 thread_stack 0x100000
 #1 0x55ff53c473bc _Z19handle_fatal_signaliP9siginfo_tPv
 #7 0x55ff53c3952b _ZN22Mysqld_socket_listener27listen_for_connection_eventEv
 #8 0x55ff539355e8 _Z11mysqld_mainiPPc
The manual page at https://dev.mysql.com/doc/mysql/en/crashing.html contains
"""
IDLE = """\
10:25:46 UTC - mysqld got signal 11 ;
Query (0): is an invalid pointer
Connection ID (thread ID): 12
Status: NOT_KILLED
"""
MARIADB = """\
261126  4:31:17 [ERROR] /usr/sbin/mariadbd got signal 11 ;
Sorry, we probably made a mistake, and this is a bug.

Thread pointer: 0x563653d1f6b8
stack_bottom = 0x774d22ed3000 thread_stack 0x49000
/usr/sbin/mariadbd(my_print_stacktrace+0x2e)[0x56362791c33e]
/usr/sbin/mariadbd(handle_fatal_signal+0x1a7)[0x563627499ff7]
libc_sigaction.c:0(__restore_rt)[0x7f4d2aa5a050]
/usr/sbin/mariadbd(_ZN15Item_func_sleep7val_intEv+0x5a)[0x563627510baa]
/usr/sbin/mariadbd(_ZNK12Type_handler14Item_send_longEP4ItemP8ProtocolP8st_value+0x19)[0x563627401b89]

Connection ID (thread ID): 4
Status: NOT_KILLED
Query (0x563653d2e200): SELECT SLEEP(30),
 'a; two'

Optimizer switch: index_merge=on,index_merge_union=on

Writing a core file...
"""


@pytest.mark.parametrize(
    ("log", "told", "functions"),
    [
        (
            MYSQL,
            "mysqld crashed: signal 11 (SIGSEGV) while connection 9 (app from red) ran \"SELECT SLEEP(30), 'a; two'\"",
            ("Interruptible_wait::wait", "Item_func_sleep::val_int", "mysql_execute_command"),
        ),
        (
            MARIADB,
            "mysqld crashed: signal 11 (SIGSEGV) while connection 4 ran \"SELECT SLEEP(30), 'a; two'\"",
            ("Item_func_sleep::val_int", "Type_handler::Item_send_long"),
        ),
        (
            OF_ITS_OWN,
            "mysqld crashed: signal 6 (SIGABRT) in a thread of its own, not for a connection",
            ("Mysqld_socket_listener::listen_for_connection_event", "mysqld_main"),
        ),
        (IDLE, "mysqld crashed: signal 11 (SIGSEGV) while connection 12 ran no statement", ()),
        (
            MYSQL.replace("signal 11", "signal 99"),
            "mysqld crashed: signal 99 while connection 9 (app from red) ran \"SELECT SLEEP(30), 'a; two'\"",
            ("Interruptible_wait::wait", "Item_func_sleep::val_int", "mysql_execute_command"),
        ),
    ],
)
def test_a_crash_names_signal_statement_and_thread(log: str, told: str, functions: tuple[str, ...]) -> None:
    crash = crash_in(BEFORE + log)
    assert crash is not None
    assert crash.describe({9: "app from red"}) == told
    assert crash.functions == functions


def test_a_log_without_a_crash_has_none() -> None:
    assert crash_in(BEFORE) is None
    assert crash_in("") is None
    repeated = (
        "2026-11-26T04:38:25.000025Z 0 [System] [MY-013951] [Server] 2026-11-26T04:38:25Z UTC - mysqld got signal 6 ;"
    )
    assert crash_in(repeated + "\n" + BEFORE) is None


def test_a_log_may_end_in_the_middle_of_a_statement() -> None:
    """The server could not write more."""
    crash = crash_in(MYSQL[: MYSQL.index(" 'a; two'")])
    assert crash is not None
    assert (crash.statement, crash.connection) == ("SELECT SLEEP(30),", None)


def test_the_last_crash_of_a_log_is_reported() -> None:
    crash = crash_in(MYSQL + BEFORE + OF_ITS_OWN)
    assert crash is not None
    assert (crash.signal, crash.statement) == (6, "")


def test_a_long_statement_is_cut() -> None:
    crash = crash_in(MYSQL.replace("SELECT SLEEP(30)", "SELECT " + "1" * 500))
    assert crash is not None
    assert re.search(r'ran "SELECT 1{193}\.\.\."$', crash.describe())


def test_the_error_has_the_assertion_that_failed() -> None:
    assertion = "2026-11-26T04:30:38.5Z 9 [ERROR] [MY-013183] [InnoDB] Assertion failure: row0sel.cc:5022:mode == 1\n"
    error = gone_error(2, "/run/x", ErrorLog(BEFORE + assertion + MYSQL), {})
    assert str(error).splitlines() == [
        "mysqld crashed: signal 11 (SIGSEGV) while connection 9 ran \"SELECT SLEEP(30), 'a; two'\"",
        "  where: /run/x",
        f"  tried: {assertion.strip()}",
        "  tried: stack: Interruptible_wait::wait, Item_func_sleep::val_int, mysql_execute_command",
        "  do: unless somebody sent the signal, this is a bug in the server: report it with the statement",
        "  do: read the rest in server.error_log",
        "  do: in a test that stops the server, use a server of its own: factories.mysqld",
    ]


def test_the_error_for_a_killed_server_names_likely_killers() -> None:
    error = gone_error(-9, "/run/x", ErrorLog(BEFORE), {})
    assert str(error).splitlines() == [
        "mysqld is not running: it was ended by SIGKILL",
        "  where: /run/x",
        "  do: if no test killed it, the kernel did for lack of memory: see dmesg; a server takes about 400 MB",
        "  do: in a test that stops the server, use a server of its own: factories.mysqld",
    ]


def test_only_connections_of_known_drivers_have_a_number() -> None:
    class Other:
        connection_id = 3

    class Known(pymysql.connections.Connection):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            """Connect to nothing."""

        def thread_id(self) -> int:
            """Return a number without asking."""
            return 7

        def __del__(self) -> None:
            """End nothing."""

    names = ConnectionNames()
    for connection in (Other(), None, Known(), mysql.connector.MySQLConnection()):
        names.note(connection, "app from red")
    assert names == {7: "app from red"}
