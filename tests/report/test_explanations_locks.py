"""Explanations of waits for locks: who holds the lock."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pytest_netns_mysql import ConnectFactory
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live


@pytest.fixture
def both(netns_connect: ConnectFactory) -> tuple[Any, Any]:
    """Two connections with a table of two rows."""
    first, second = netns_connect("red"), netns_connect("red", driver="pymysql")
    run(first, "CREATE TABLE t (a INT PRIMARY KEY, b INT)", "INSERT INTO t VALUES (1, 0), (2, 0)", "COMMIT")
    return first, second


def test_a_lock_of_another_transaction(explained: Explained, both: tuple[Any, Any]) -> None:
    first, second = both
    run(first, "UPDATE t SET b = 1 WHERE a = 1")
    run(second, "SET innodb_lock_wait_timeout = 1")
    found = explained(lambda: run(second, "UPDATE t SET b = 2 WHERE a = 1"))
    number = first.connection_id
    holder = f"connection {number} of 'red_user'@'192.0.2.2'"
    assert found.what == f"the statement gave up waiting for a row lock that {holder} holds"
    assert found.details == (
        f"connection {number} has a transaction that is not committed, with a lock (X,REC_NOT_GAP) on the row of "
        "red_schema.t, index PRIMARY, record 1",
        'its last statement: "UPDATE t SET b = 1 WHERE a = 1"',
    )
    assert found.remedies == (f"commit or roll back in connection {number} before this statement, or close it",)


def test_a_row_that_another_transaction_has_just_inserted(explained: Explained, both: tuple[Any, Any]) -> None:
    # The server lists this lock with the thread of the waiter, which asked for the row first.
    first, second = both
    run(first, "INSERT INTO t VALUES (3, 0)")
    run(second, "SET innodb_lock_wait_timeout = 1")
    found = explained(lambda: run(second, "INSERT INTO t VALUES (3, 1)"))
    assert f"connection {first.connection_id} of 'red_user'@'192.0.2.2' holds" in found.what
    assert found.details[0].endswith("on the row of red_schema.t, index PRIMARY, record 3")


def test_a_lock_on_a_table(explained: Explained, both: tuple[Any, Any]) -> None:
    first, second = both
    run(first, "LOCK TABLES t WRITE")
    run(second, "SET lock_wait_timeout = 1")
    found = explained(lambda: run(second, "ALTER TABLE t ADD COLUMN c INT"))
    assert f"connection {first.connection_id} of 'red_user'@'192.0.2.2' holds" in found.what
    run(first, "UNLOCK TABLES")


def test_a_row_that_is_locked_for_a_statement_with_nowait(explained: Explained, both: tuple[Any, Any]) -> None:
    first, second = both
    run(first, "UPDATE t SET b = 1 WHERE a = 1")
    found = explained(lambda: run(second, "SELECT b FROM t WHERE a = 1 FOR UPDATE NOWAIT"))
    holder = f"connection {first.connection_id} of 'red_user'@'192.0.2.2'"
    assert found.what == f"the statement has NOWAIT, and did not wait for a row lock that {holder} holds"
    end = f"commit or roll back in connection {first.connection_id} before this statement, or close it"
    assert found.remedies == (end,)


def test_a_statement_that_takes_too_long(explained: Explained, both: tuple[Any, Any]) -> None:
    first, second = both
    run(second, "SET max_execution_time = 100", "SET SESSION cte_max_recursion_depth = 1000000000")
    endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r"
    found = explained(lambda: run(second, endless))
    assert found.what == "the server ended the statement because it took longer than max_execution_time allows"
    assert found.details == ()
    more_time = "allow more time, in milliseconds: SET SESSION max_execution_time = 100000"
    assert found.remedies == (more_time,)
    run(first, "SELECT b FROM t", "UPDATE t SET b = 1")
    found = explained(lambda: run(second, f"{endless} WHERE n > (SELECT MAX(b) FROM t)"))
    assert found.details == ()
    found = explained(lambda: run(second, "SELECT b FROM t WHERE a = 1 FOR UPDATE"))
    assert f"connection {first.connection_id} of 'red_user'@'192.0.2.2' holds " in found.details[0]
    run(second, "ROLLBACK")
    run(first, "COMMIT", "LOCK TABLES t READ")
    found = explained(lambda: run(second, f"{endless} WHERE n > (SELECT MAX(b) FROM t)"))
    assert found.details == ()
    run(second, "ROLLBACK")
    run(first, "UNLOCK TABLES", "LOCK TABLES t WRITE")
    found = explained(lambda: run(second, "SELECT b FROM t"))
    assert found.what == "the server ended the statement because it took longer than max_execution_time allows"
    (detail,) = found.details
    holder = f"connection {first.connection_id} of 'red_user'@'192.0.2.2' holds "
    assert detail.startswith(f"it may have waited for a lock: {holder}")
    assert "SHARED_NO_READ_WRITE on table red_schema.t" in detail
    end = f"commit or roll back in connection {first.connection_id} before this statement, or close it"
    assert found.remedies == (end, more_time)
    found = explained(lambda: run(second, "SELECT /*+ MAX_EXECUTION_TIME(100) */ b FROM t"))
    assert found.remedies == (end, "raise max_execution_time in the statement, or remove it there")
    run(first, "UNLOCK TABLES")


@pytest.mark.parametrize(
    ("kind", "one", "two"), [("INT", "-1", "2"), ("BIGINT UNSIGNED", "1", "2"), ("VARCHAR(9)", "'pen'", "'ink'")]
)
def test_a_deadlock(explained: Explained, both: tuple[Any, Any], kind: str, one: str, two: str) -> None:
    first, second = both
    run(
        first, f"CREATE TABLE d (a {kind} PRIMARY KEY, b INT)", f"INSERT INTO d VALUES ({one}, 0), ({two}, 0)", "COMMIT"
    )
    for connection, row in ((first, one), (second, two)):
        run(connection, "SET innodb_lock_wait_timeout = 50", "BEGIN", f"UPDATE d SET b = 1 WHERE a = {row}")
    errors: list[Exception] = []

    def cross(connection: Any, row: str) -> None:
        try:
            run(connection, f"UPDATE d SET b = 2 WHERE a = {row}")
        except Exception as error:  # noqa: BLE001 - of any driver
            errors.append(error)

    threads = [threading.Thread(target=cross, args=arguments) for arguments in ((first, two), (second, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = errors

    def fail() -> None:
        raise error

    found = explained(fail)
    number = first.connection_id if "mysql.connector" in type(error).__module__ else second.thread_id()
    assert found.what == (
        "deadlock: two transactions each waited for a lock of the other, and the server rolled back connection "
        f"{number} (this one)"
    )
    assert sorted(found.details) == sorted(
        f"connection {number} holds the row a = {held} of red_schema.d and waits for a = {wanted}: "
        f'"UPDATE d SET b = 2 WHERE a = {wanted}"'
        for number, held, wanted in ((first.connection_id, one, two), (second.thread_id(), two, one))
    )
