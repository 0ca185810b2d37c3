"""The server's statement counters: what they prove, and the sessions that are subtracted from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_netns_mysql import MySQLServer, NetnsError
from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.clients.confined import disregard
from pytest_netns_mysql.mysql.dialects.statementcounters import (
    COUNTER_QUERIES,
    WRITING_STATEMENTS,
    StatementCounters,
)
from pytest_netns_mysql.mysql.waiting import wait_until

pytestmark = [pytest.mark.live, pytest.mark.netns("red")]
AccountFactory = Callable[..., Account]
ConnectFactory = Callable[..., Any]


def counted(server: MySQLServer) -> StatementCounters:
    """Return the counters of the statements that ran before."""
    administrator = server._administrator
    all_sessions, own = administrator.ask(*COUNTER_QUERIES)
    return StatementCounters.of(all_sessions, own, administrator.disregarded)


def run(connection: Any, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()
    connection.commit()


@pytest.fixture
def mysql_server(netns_mysqld: MySQLServer, netns_connect: ConnectFactory) -> Iterator[MySQLServer]:
    """The shared server, with an open session of the administrator for tests."""
    netns_mysqld.execute("SELECT 1")
    yield netns_mysqld
    netns_mysqld._administrator.disregarded.clear()


WRITERS = {
    "insert": ["INSERT INTO t VALUES (1)"],
    "update": ["UPDATE t SET a = 2"],
    "call_procedure": ["CREATE PROCEDURE p() DELETE FROM t", "CALL p()"],
    "execute_sql": ["PREPARE it FROM 'REPLACE INTO t VALUES (5)'", "EXECUTE it"],
    "select": ["CREATE FUNCTION f() RETURNS INT DETERMINISTIC BEGIN DELETE FROM t; RETURN 1; END", "SELECT f()"],
    "begin": ["BEGIN", "INSERT INTO t VALUES (7)", "ROLLBACK"],
}


@pytest.mark.parametrize("what", WRITERS)
def test_every_way_of_writing_is_counted(mysql_server: MySQLServer, netns_connect: ConnectFactory, what: str) -> None:
    connection = netns_connect()
    run(connection, "CREATE TABLE t (a INT)")
    before = counted(mysql_server)
    run(connection, *WRITERS[what])
    ran = counted(mysql_server).ran_since(before)
    assert ran is None or ran & WRITING_STATEMENTS


def test_reading_is_not_counted_as_writing(mysql_server: MySQLServer, netns_connect: ConnectFactory) -> None:
    connection = netns_connect()
    run(connection, "CREATE TABLE t (a INT)")
    before = counted(mysql_server)
    run(connection, "SELECT * FROM t", "SHOW TABLES", "SET @a = 1", "BEGIN", "SELECT 1 FOR UPDATE", "EXPLAIN SELECT 1")
    mysql_server._administrator.run("CREATE SCHEMA made_by_the_plugin", "DROP SCHEMA made_by_the_plugin")
    ran = counted(mysql_server).ran_since(before)
    assert ran is not None
    assert not ran & WRITING_STATEMENTS


def test_statements_of_an_account_in_its_own_schema_are_subtracted(
    mysql_server: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    account = netns_account("own", schema="own_schema")
    before = counted(mysql_server)
    connection = netns_connect(account=account)
    run(connection, "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)", "DROP TABLE t")
    assert {"create_table", "insert", "drop_table"} <= (counted(mysql_server).ran_since(before) or set())
    disregard(mysql_server, [(connection, account)])
    connection.close()
    if mysql_server._dialect.shows_all_grants:
        assert not (counted(mysql_server).ran_since(before) or set()) & (WRITING_STATEMENTS | {"set_option"})
    # The statements of others are still counted.
    mysql_server.execute("CREATE TABLE own_schema.u (a INT)")
    assert "create_table" in (counted(mysql_server).ran_since(before) or set())


def test_statements_after_a_grant_are_not_subtracted(
    mysql_server: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    account = netns_account("own", schema="own_schema")
    before = counted(mysql_server)
    connection = netns_connect(account=account)
    mysql_server.execute(f"GRANT INSERT ON *.* TO {account}")
    run(connection, "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    mysql_server.execute(f"REVOKE INSERT ON *.* FROM {account}")
    disregard(mysql_server, [(connection, account)])
    ran = counted(mysql_server).ran_since(before)
    assert ran is None or "insert" in ran


def test_statements_of_an_account_with_other_privileges_are_not_subtracted(
    mysql_server: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    account = netns_account("more", schema="more_schema", grants=["SELECT ON *.*"])
    before = counted(mysql_server)
    connection = netns_connect(account=account)
    run(connection, "CREATE TABLE t (a INT)")
    disregard(mysql_server, [(connection, account)])
    assert "create_table" in (counted(mysql_server).ran_since(before) or set())


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ("''@'%%'", "ALL ON others.*"),
        ("own@'%%'", "ALL ON others.*"),
        ("own@'192.0.2.0/255.255.255.0'", "INSERT ON others.t"),
    ],
)
def test_statements_of_a_user_with_another_account_are_not_subtracted(
    mysql_server: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory, other: str, what: str
) -> None:
    for statement in (f"CREATE USER {other}", "CREATE SCHEMA others", "CREATE TABLE others.t (a INT)"):
        mysql_server.execute(statement)
    mysql_server.execute(f"GRANT {what} TO {other}")
    account = netns_account("own", schema="own_schema")
    before = counted(mysql_server)
    connection = netns_connect(account=account)
    run(connection, "INSERT INTO others.t VALUES (1)")
    disregard(mysql_server, [(connection, account)])
    ran = counted(mysql_server).ran_since(before)
    assert ran is None or "insert" in ran


def test_a_busy_connection_is_not_asked(
    mysql_server: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    account = netns_account("busy", schema="busy_schema")
    connection = netns_connect(account=account)
    run(connection, "CREATE TABLE t (a INT)")
    found: list[object] = []
    mysql_server.execute("SELECT GET_LOCK('busy', 0)")
    thread = threading.Thread(target=lambda: found.append(connection.cmd_query("SELECT GET_LOCK('busy', 600)")))
    thread.start()
    wait_until(lambda: not connection._is_idle, timeout=60, error=lambda: NetnsError("no statement runs"))
    before = dict(mysql_server._administrator.disregarded)
    disregard(mysql_server, [(connection, account)])
    assert mysql_server._administrator.disregarded == before
    mysql_server.execute("SELECT RELEASE_LOCK('busy')")
    thread.join()
    assert connection.get_rows()[0] == [(1,)]


def test_counters_that_were_reset_prove_nothing() -> None:
    earlier = StatementCounters({"select": 5, "insert": 2}, {})
    assert StatementCounters({"select": 6, "insert": 2}, {}).ran_since(earlier) == frozenset({"select"})
    assert StatementCounters({"select": 6}, {}).ran_since(earlier) is None
    assert StatementCounters({"select": 5, "insert": 1}, {}).ran_since(earlier) is None


def test_the_plugins_own_session_ignores_global_settings(mysql_server: MySQLServer) -> None:
    for name, value in (("sql_mode", "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"), ("sql_select_limit", "1")):
        mysql_server.execute(f"SET GLOBAL {name} = {value}, SESSION {name} = {value}")
    (((own,),),) = mysql_server._administrator.ask("SELECT CONNECTION_ID()")
    mysql_server.execute(f"KILL {int(own or 0)}")
    (rows,) = mysql_server._administrator.ask("SELECT 'it\\'s' UNION ALL SELECT \"2\"")
    assert rows == [(b"it's",), (b"2",)]
