"""Snapshots: everything of a server as it was, again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import MySQLServer, Replica, ServerGoneError, SnapshotError, StartFactory, factories
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.reset import snapshot as snapshots
from pytest_netns_mysql.mysql.waiting import wait_until

pytestmark = pytest.mark.live

own = factories.mysqld(options={"port": 3311}, scope="function")
source = factories.source(options={"port": 3312}, scope="function")
replica = factories.replica(source, bind_address="192.0.2.2/red", options={"port": 3313}, scope="function")


def value(server: MySQLServer, query: str) -> object:
    return server.execute(query)[0][0]


def test_a_server_goes_back_to_what_it_was(own: MySQLServer) -> None:
    own.execute("CREATE SCHEMA shop")
    own.execute("CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, a INT)")
    own.execute("INSERT INTO shop.t (a) VALUES (1)")
    own.execute("CREATE USER 'ann'@'%'")
    own.execute("SET GLOBAL max_connections = 77")
    own.execute("SET PERSIST long_query_time = 5")
    with own.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO shop.t (a) VALUES (2)")
        first = own.snapshot()
        cursor.execute("COMMIT")  # the connection is still there
        second = own.snapshot()
        assert first.server is own

        own.execute("SET GLOBAL max_connections = 78")
        own.execute("RESET PERSIST")
        own.execute("DROP USER 'ann'@'%'")
        own.execute("DROP SCHEMA shop")
        own.restore(second)
        with pytest.raises(mysql.connector.Error):
            cursor.execute("SELECT 1")
    assert own.execute("SELECT a FROM shop.t") == [(1,), (2,)]
    assert value(own, "SELECT COUNT(*) FROM mysql.user WHERE user = 'ann'") == 1
    assert value(own, "SELECT @@GLOBAL.max_connections") == 77
    assert own.execute("SELECT VARIABLE_NAME FROM performance_schema.persisted_variables") == [("long_query_time",)]

    own.restart(max_connections=50)
    own.restore(first)  # one that was not committed then
    assert own.execute("SELECT a FROM shop.t") == [(1,)]
    assert value(own, "SELECT @@GLOBAL.max_connections") == 77
    own.kill()
    own.restore(second)
    assert value(own, "SELECT COUNT(*) FROM shop.t") == 2


def test_a_snapshot_is_of_one_server_while_it_lasts(own: MySQLServer, netns_start_mysqld: StartFactory) -> None:
    other = netns_start_mysqld(options={"port": 3314})
    snapshot = other.snapshot()
    with pytest.raises(SnapshotError) as caught:
        own.restore(snapshot)
    assert str(caught.value) == (
        "cannot restore own from a snapshot of netns_start_mysqld\n  where: server own\n"
        "  do: call netns_start_mysqld.restore(...)\n  do: take a snapshot of own"
    )
    other._discard()
    with pytest.raises(SnapshotError, match=r"^the snapshot no longer exists: it was removed together"):
        other.restore(snapshot)
    with pytest.raises(ServerGoneError):
        other.snapshot()


def test_servers_that_replicate_have_none(source: MySQLServer, replica: Replica) -> None:
    with pytest.raises(SnapshotError, match=r"^cannot take a snapshot: source has a replica, and the data"):
        source.snapshot()
    with pytest.raises(SnapshotError, match=r"^cannot take a snapshot: replica shares the data of other servers"):
        replica.snapshot()


def kill_after(call: Callable[..., Any], pid: int) -> Callable[..., Any]:
    """Return a function that makes the call, and kills mysqld before it returns."""

    def call_and_kill(*arguments: object) -> Any:
        result = call(*arguments)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: has_ended(pid), timeout=60, error=lambda: NetnsError(f"process {pid} still runs"))
        return result

    return call_and_kill


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("call", ["execute", "_running_pid"])
def test_a_server_that_dies_during_a_snapshot_is_reported(
    own: MySQLServer, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    # Once the plugin took the process ID of a dead server for 0, and stopped its own process group.
    own.execute("SELECT 1")
    monkeypatch.setattr(snapshots, "_check_alone", lambda *_: None)  # it executes a statement, too
    monkeypatch.setattr(own, call, kill_after(getattr(own, call), own._running_pid()))
    with pytest.raises(ServerGoneError, match=r"^(cannot take a snapshot: mysqld \(pid|mysqld is not running)"):
        own.snapshot()


def test_a_snapshot_waits_for_a_limited_time_until_mysqld_has_stopped(
    own: MySQLServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_is_stopped", lambda *_: False)
    monkeypatch.setattr(snapshots, "_STOP_TIMEOUT", 0.1)
    with pytest.raises(SnapshotError, match=r"^cannot take a snapshot: mysqld \(pid \d+\) ignored SIGSTOP for 0"):
        own.snapshot()
    assert value(own, "SELECT 1") == 1  # mysqld goes on
