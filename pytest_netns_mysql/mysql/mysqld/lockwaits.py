"""Which connection holds a lock that somebody waits for in vain: its number, its account, the lock, its statement."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal
from pytest_netns_mysql.mysql.mysqld.processlist import host_of

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

LOCK_WAIT = 1  # seconds, the least that lock_wait_timeout takes
_STATEMENT_TIMEOUT = 1969  # ER_STATEMENT_TIMEOUT of MariaDB, which waits for some locks as long as a statement may take
TIMED_OUT = frozenset({mysql.connector.errorcode.ER_LOCK_WAIT_TIMEOUT, _STATEMENT_TIMEOUT})
_LONGEST_STATEMENT = 200  # characters


@dataclass(frozen=True)
class Holder:
    """A connection that holds locks.

    Attributes:
        number: The connection's number in SHOW PROCESSLIST.
        client: The user and the client's host, as ``'app'@'192.0.2.2'``.
        locks: What it holds, as far as the server tells.
        statement: The statement that it runs or ran last; empty where the server does not tell.
    """

    number: int
    client: str
    locks: tuple[str, ...]
    statement: str

    def __str__(self) -> str:
        said = f"; its last statement: {self.statement}" if self.statement else ""
        return f"connection {self.number} of {self.client} holds {', '.join(self.locks)}{said}"


def holders(server: Instance, schemas: Collection[str]) -> list[Holder]:
    """Return the connections whose locks hinder changes of accounts and of these schemas.

    MySQL tells it by performance_schema.metadata_locks and data_locks. MariaDB tells it by its plugin
    metadata_lock_info, where the plugin can be installed; otherwise open transactions are returned, or all connections.
    """
    listed = ", ".join(map(literal, schemas)) or "''"
    with contextlib.ExitStack() as stack:
        for before, after in server.dialect.lock_plugins:
            with contextlib.suppress(mysql.connector.Error):
                server.administrator.run(before)
                stack.callback(_try, server, after)
        for query in server.dialect.lock_holders:
            with contextlib.suppress(mysql.connector.Error):
                (rows,) = server.administrator.ask(query.format(schemas=listed))
                if found := _by_connection(rows):
                    return found
    return []


def _try(server: Instance, statement: str) -> None:
    with contextlib.suppress(mysql.connector.Error):
        server.administrator.run(statement)


def _by_connection(rows: list[RawRow]) -> list[Holder]:
    found: dict[int, Holder] = {}
    for number, user, host, lock, statement in rows:
        key = int(number or 0)
        client = f"{literal(decoded(user))}@{literal(host_of(decoded(host)))}"
        locks = found[key].locks if key in found else ()
        said = " ".join(decoded(statement).split())[:_LONGEST_STATEMENT]
        found[key] = Holder(key, client, tuple(dict.fromkeys([*locks, decoded(lock)])), said)
    return list(found.values())
