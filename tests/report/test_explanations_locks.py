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
    holder = f"connection {first.connection_id} of 'red_user'@'192.0.2.2'"
    assert found.what == f"the statement gave up waiting for a lock that {holder} holds"
    assert "X,REC_NOT_GAP on rows of red_schema.t" in found.details[0]
    assert found.details[0].endswith("its last statement: UPDATE t SET b = 1 WHERE a = 1")
    assert found.details[-1] == 'waiting: "UPDATE t SET b = 2 WHERE a = 1"'


def test_a_lock_on_a_table(explained: Explained, both: tuple[Any, Any]) -> None:
    first, second = both
    run(first, "LOCK TABLES t WRITE")
    run(second, "SET lock_wait_timeout = 1")
    found = explained(lambda: run(second, "ALTER TABLE t ADD COLUMN c INT"))
    assert f"connection {first.connection_id} of 'red_user'@'192.0.2.2' holds" in found.what
    run(first, "UNLOCK TABLES")


def test_a_deadlock(explained: Explained, both: tuple[Any, Any]) -> None:
    first, second = both
    for connection, row in ((first, 1), (second, 2)):
        run(connection, "SET innodb_lock_wait_timeout = 50", "BEGIN", f"UPDATE t SET b = 1 WHERE a = {row}")
    errors: list[Exception] = []

    def cross(connection: Any, row: int) -> None:
        try:
            run(connection, f"UPDATE t SET b = 2 WHERE a = {row}")
        except Exception as error:  # noqa: BLE001 - of any driver
            errors.append(error)

    threads = [threading.Thread(target=cross, args=arguments) for arguments in ((first, 2), (second, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = errors

    def fail() -> None:
        raise error

    found = explained(fail)
    assert (
        found.what
        == "deadlock: two transactions each waited for a lock of the other, and the server rolled this one back"
    )
    assert sorted(found.details) == sorted(
        f'connection {number} of red_user ran "UPDATE t SET b = 2 WHERE a = {row}", waiting for a row of red_schema.t'
        for number, row in ((first.connection_id, 2), (second.thread_id(), 1))
    )
