"""The connections that hold a lock which somebody waits for: number, account, lock and last statement."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal
from pytest_netns_mysql.mysql.mysqld.processlist import host_of

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

LOCK_WAIT = 1
"""Seconds to wait for a lock: the minimum of lock_wait_timeout."""
_STATEMENT_TIMEOUT = 1969  # ER_STATEMENT_TIMEOUT of MariaDB, which limits the wait for some locks only in this way
LOCK_TIMEOUTS = frozenset({mysql.connector.errorcode.ER_LOCK_WAIT_TIMEOUT, _STATEMENT_TIMEOUT})
"""The errors of a server when the wait for a lock has timed out."""
_LONGEST_STATEMENT = 200  # characters


@dataclass(frozen=True)
class LockHolder:
    """A connection that holds locks.

    Attributes:
        number: The connection's number in SHOW PROCESSLIST.
        client: The user and the client's host, as ``'app'@'192.0.2.2'``.
        locks: The locks, as far as the server knows.
        statement: The current or last statement; '' if the server does not know it.
    """

    number: int
    client: str
    locks: tuple[str, ...]
    statement: str

    def __str__(self) -> str:
        last_statement = f"; its last statement: {self.statement}" if self.statement else ""
        return f"connection {self.number} of {self.client} holds {', '.join(self.locks)}{last_statement}"


def lock_holders(server: Instance, schemas: Collection[str]) -> list[LockHolder]:
    """Return the connections with locks that prevent changes of accounts and of some schemas.

    MySQL lists locks in performance_schema.metadata_locks and data_locks. MariaDB lists them if its plugin
    metadata_lock_info can be installed. Otherwise all open transactions are returned, or all connections.
    """
    names = ", ".join(map(literal, schemas)) or "''"
    with contextlib.ExitStack() as stack:
        for install, uninstall in server._dialect.lock_plugins:
            with contextlib.suppress(mysql.connector.Error):
                server._administrator.run(install)
                stack.callback(_try_to_run, server, uninstall)
        for query in server._dialect.lock_holders:
            with contextlib.suppress(mysql.connector.Error):
                (rows,) = server._administrator.ask(query.format(schemas=names))
                if holders := _by_connection(rows):
                    return holders
    return []


def _try_to_run(server: Instance, statement: str) -> None:
    with contextlib.suppress(mysql.connector.Error):
        server._administrator.run(statement)


def _by_connection(rows: list[RawRow]) -> list[LockHolder]:
    holders: dict[int, LockHolder] = {}
    for raw_number, user, host, lock, raw_statement in rows:
        number = int(raw_number or 0)
        client = f"{literal(decoded(user))}@{literal(host_of(decoded(host)))}"
        locks = holders[number].locks if number in holders else ()
        statement = " ".join(decoded(raw_statement).split())[:_LONGEST_STATEMENT]
        holders[number] = LockHolder(number, client, tuple(dict.fromkeys([*locks, decoded(lock)])), statement)
    return list(holders.values())
