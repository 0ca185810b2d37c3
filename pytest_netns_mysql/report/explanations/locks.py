"""A statement that waited for a lock, or that does not wait: 1205, 1213, 1969, 3024, 3572."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.lockholders import LockHolder, lock_holders
from pytest_netns_mysql.mysql.mysqld.processlist import host_of
from pytest_netns_mysql.report.explanations.answers import ask, names
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.deadlocks import Deadlock, Side, latest_deadlock
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.reportdata import Explanation

_SCHEMAS = (
    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA "
    "WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')"
)
# A lock that a transaction has by having changed a row is listed with the thread that asked for the row first: only
# the number of the transaction tells whose it is.
_ROW_LOCKS = """\
SELECT x.trx_mysql_thread_id, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, t.PROCESSLIST_COMMAND, l.OBJECT_SCHEMA,
    l.OBJECT_NAME, l.LOCK_TYPE, l.INDEX_NAME, l.LOCK_MODE, l.LOCK_DATA, s.SQL_TEXT
FROM performance_schema.data_locks l JOIN information_schema.INNODB_TRX x ON x.trx_id = l.ENGINE_TRANSACTION_ID
JOIN performance_schema.threads t ON t.PROCESSLIST_ID = x.trx_mysql_thread_id
LEFT JOIN performance_schema.events_statements_current s ON s.THREAD_ID = t.THREAD_ID AND s.NESTING_EVENT_LEVEL = 0
WHERE l.LOCK_STATUS = 'GRANTED' ORDER BY x.trx_started, l.LOCK_DATA"""
_CHANGES_TABLES = re.compile(r"\s*(ALTER|CREATE|DROP|TRUNCATE|RENAME|LOCK|OPTIMIZE|FLUSH|REPAIR)\b", re.IGNORECASE)
_MARIADB_STATEMENT_TIMEOUT = 1969
_BLOCKS_ALL = re.compile("")
# MySQL limits the time of SELECT alone. Most locks of others do not block it, see the manual, "Metadata Locking".
_BLOCKS_SELECT = re.compile(r"(SHARED_NO_READ_WRITE|EXCLUSIVE) on ")
_BLOCKS_LOCKING_SELECT = re.compile(r"(SHARED_NO_READ_WRITE|EXCLUSIVE) on |.* on rows of ")
_LOCKS_ROWS = re.compile(r"\bFOR\s+(UPDATE|SHARE)\b|\bLOCK\s+IN\s+SHARE\s+MODE\b", re.IGNORECASE)
_SUPREMUM = "supremum pseudo-record"
_MOST_RECORDS = 3
_LONGEST = 60


@dataclass(frozen=True)
class _Lock:
    """A granted lock of InnoDB.

    Attributes:
        number: The number of the connection that has it.
        client: The user and the client's host, as ``'app'@'192.0.2.2'``.
        sleeps: Whether the connection runs no statement.
        table: The table, with its schema.
        is_of_row: Whether it is a lock on a record, and not on the table.
        index: The index of the record.
        mode: The mode, such as ``X,REC_NOT_GAP``.
        record: The record's key, as the server writes it.
        statement: The connection's current or last statement.
    """

    number: int
    client: str
    sleeps: bool
    table: str
    is_of_row: bool
    index: str
    mode: str
    record: str
    statement: str


def wait_timeout(failure: Failure, _: Context) -> Explanation:
    """Explain 1205: another transaction held a lock for longer than the statement waits."""
    return _by_locks(failure, "the statement gave up waiting for", waits=True)


def no_wait(failure: Failure, _: Context) -> Explanation:
    """Explain 3572: another transaction held a lock, and the statement has NOWAIT."""
    return _by_locks(failure, "the statement has NOWAIT, and did not wait for", waits=False)


def statement_timeout(failure: Failure, _: Context) -> Explanation:
    """Explain 3024, and MariaDB's 1969: the statement took too long, by itself or because it waited for a lock."""
    is_mariadb = failure.number == _MARIADB_STATEMENT_TIMEOUT
    name, longer, unit = (
        ("max_statement_time", 100, "seconds") if is_mariadb else ("max_execution_time", 100_000, "milliseconds")
    )
    more_time = f"allow more time, in {unit}: SET SESSION {name} = {longer}"
    if name in failure.statement.lower():
        more_time = f"raise {name} in the statement, or remove it there"
    kind = _BLOCKS_LOCKING_SELECT if _LOCKS_ROWS.search(failure.statement) else _BLOCKS_SELECT
    kind = _BLOCKS_ALL if is_mariadb else kind
    holder = next((each for each in _holders(failure) if _blocks(each, failure.statement, kind)), None)
    end = () if holder is None else _ending(holder.number, "")
    return Explanation(
        f"the server ended the statement because it took longer than {name} allows",
        () if holder is None else (f"it may have waited for a lock: {holder}",),
        (*end, more_time),
    )


def _blocks(holder: LockHolder, statement: str, kind: re.Pattern[str]) -> bool:
    """Return True if a connection holds a lock of some kind on a table that a statement names."""
    tables = (lock.rpartition(".")[2] for lock in holder.locks if "." in lock and kind.match(lock))
    return any(re.search(rf"\b{re.escape(table)}\b", statement) for table in tables)


def _by_locks(failure: Failure, lead: str, *, waits: bool) -> Explanation:
    """Return who holds the lock.

    Args:
        failure: The error.
        lead: What the statement did about the lock.
        waits: Whether the statement would have waited longer with a higher timeout.
    """
    if rows := _row_locks(failure):
        return _by_rows(rows, lead, waits=waits)
    holders = _holders(failure)
    if not holders:
        return Explanation(
            f"{lead} a lock of another transaction, which has ended since",
            (f"{'waiting' if waits else 'the statement'}: {_short(failure.statement)}",) if failure.statement else (),
            ("commit or roll back the other transaction before this statement",),
        )
    first = holders[0]
    last = (f"its last statement: {first.statement}",) if first.statement else ()
    others = tuple(map(str, holders[1:2]))
    sleeps = (str(first.number), "Sleep") in {(row[0], row[4]) for row in ask(failure.server, "SHOW PROCESSLIST")}
    return Explanation(
        f"{lead} a lock that connection {first.number} of {first.client} holds",
        (f"it holds {', '.join(first.locks[:_MOST_RECORDS])}", *last, *others)[:3],
        _ending(first.number, "lock_wait_timeout" if waits and not sleeps else ""),
    )


def _by_rows(rows: list[_Lock], lead: str, *, waits: bool) -> Explanation:
    first = rows[0]
    alike = [row for row in rows if (row.number, row.table, row.index, row.mode) == _kind(first)]
    records = [row.record for row in alike]
    shown = ", ".join(records[:_MOST_RECORDS]) + (", ..." if len(records) > _MOST_RECORDS else "")
    word = "record" if len(records) == 1 else "records"
    lock = f"({first.mode}) on {'the row' if len(records) == 1 else 'rows'} of {first.table}"
    last = (f"its last statement: {_short(first.statement)}",) if first.statement else ()
    return Explanation(
        f"{lead} a row lock that connection {first.number} of {first.client} holds",
        (
            f"connection {first.number} has a transaction that is not committed, with a lock {lock}, "
            f"index {first.index}, {word} {shown}",
            *last,
        ),
        _ending(first.number, "innodb_lock_wait_timeout" if waits and not first.sleeps else ""),
    )


def _kind(lock: _Lock) -> tuple[int, str, str, str]:
    return lock.number, lock.table, lock.index, lock.mode


def _ending(number: int, timeout: str) -> tuple[str, ...]:
    """Return the remedies.

    Args:
        number: The connection that holds the lock.
        timeout: The variable that lets the statement wait longer; '' where that does not help, since the holder is not
            at work, or the statement does not wait at all.
    """
    end = f"commit or roll back in connection {number} before this statement, or close it"
    return (end, f"or wait longer: SET SESSION {timeout} = 100") if timeout else (end,)


def _row_locks(failure: Failure) -> list[_Lock]:
    """Return the locks of other transactions on rows of the tables that the statement uses, the likeliest first."""
    if failure.server is None or _CHANGES_TABLES.match(failure.statement):
        return []
    locks = [
        _Lock(
            int(number),
            f"{literal(user)}@{literal(host_of(host))}",
            command == "Sleep",
            f"{schema}.{table}",
            kind == "RECORD",
            index,
            mode,
            record,
            " ".join(statement.split()),
        )
        for number, user, host, command, schema, table, kind, index, mode, record, statement in ask(
            failure.server, _ROW_LOCKS
        )
    ]
    own = failure.connection or (failure.session.number if failure.session else None)
    used = {lock.table for lock in locks if lock.number == own and not lock.is_of_row}
    named = {
        lock.table for lock in locks if re.search(rf"\b{re.escape(lock.table.split('.')[1])}\b", failure.statement)
    }
    tables = used & named or named or used
    found = [lock for lock in locks if lock.is_of_row and lock.number != own and lock.table in tables]
    return sorted(found, key=lambda lock: (lock.record == _SUPREMUM, "GAP" in lock.mode.replace("REC_NOT_GAP", "")))


def _holders(failure: Failure) -> list[LockHolder]:
    if failure.server is None or not failure.server.is_running:
        return []
    own = failure.session.number if failure.session else None
    schemas = names(failure.server, _SCHEMAS)
    return [holder for holder in lock_holders(failure.server, schemas) if holder.number != own]


def deadlock(failure: Failure, _: Context) -> Explanation:
    """Explain 1213: two transactions waited for each other, and the server ended one of them."""
    found = latest_deadlock(failure.server)
    number = None if found is None else found.rolled_back
    rolled_back = "this one" if number is None else f"connection {number}"
    if number is not None and failure.connection == number:
        rolled_back += " (this one)"
    return Explanation(
        f"deadlock: two transactions each waited for a lock of the other, and the server rolled back {rolled_back}",
        () if found is None else tuple(_told(found, side) for side in found.sides[:2]),
        (
            "have both transactions lock the rows in the same order",
            "or run the transaction again on error 1213",
        ),
    )


def _told(found: Deadlock, side: Side) -> str:
    """Return who held and waited for what, in one sentence."""
    held = found.held(side)
    holds = f"holds {held}" if held else ""
    waits = f"waits for {_of_same(str(side.waits), held.table if held else '')}" if side.waits else ""
    did = " and ".join(filter(None, [holds, waits])) or "took part"
    return f"connection {side.connection} {did}: {_short(side.statement)}"


def _of_same(rows: str, table: str) -> str:
    """Return rows without the table, if that was just named."""
    return rows.removesuffix(f" of {table}").removeprefix("the row ") if table else rows


def _short(statement: str) -> str:
    return f'"{statement if len(statement) <= _LONGEST else statement[:_LONGEST] + "..."}"'
