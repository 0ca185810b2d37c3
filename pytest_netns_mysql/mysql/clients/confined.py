"""Connections that reach nothing but a schema of the test's own: what they run need not be looked for elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal
from pytest_netns_mysql.mysql.dialects.statementcounters import SESSION_COUNTERS
from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Account
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_PATIENCE = 1  # second
# Privileges for a schema, a table or a routine hold for every account of the user whose host fits, and those of nobody
# in particular for everybody: SHOW GRANTS tells of neither. See the manual, "Access Control, Stage 2".
_TABLES = ("db", "tables_priv", "columns_priv", "procs_priv")


def disregard(server: Instance, connections: Iterable[tuple[object, Account]]) -> None:
    """Leave out of a server's statement counters what some connections have run, which are about to be closed.

    That is done where the server itself says that the account may use one schema, which is dropped with it, and nothing
    else; and where a connection can be asked, since no statement runs on it.
    """
    import mysql.connector

    if not server.dialect.shows_all_grants:
        return
    # Where the test has cut the network, one of them waits in vain, and no other is asked.
    with contextlib.suppress(mysql.connector.Error, NetnsError):
        for connection, account in connections:
            if isinstance(connection, NamespaceConnection) and connection.is_idle:
                _disregard(server, connection, account)


def _disregard(server: Instance, connection: NamespaceConnection, account: Account) -> None:
    connection.read_timeout = _PATIENCE
    connection.cmd_query("SHOW GRANTS")
    grants = [str(row[0]) for row in connection.get_rows()[0]]
    connection.cmd_query(SESSION_COUNTERS)
    counts = connection.get_rows(raw=True)[0]
    if _are_of_one_schema(grants, account.schema or "") and not _may_more(server, account):
        server.administrator.disregard(counts)


def _are_of_one_schema(grants: list[str], schema: str) -> bool:
    names = {identifier(schema), identifier(schema, pattern=True)}
    allowed = tuple(f"GRANT ALL PRIVILEGES ON {name}.* TO " for name in names)
    return len(grants) == 2 and grants[0].startswith("GRANT USAGE ON *.* TO ") and grants[1].startswith(allowed)


def _may_more(server: Instance, account: Account) -> bool:
    """Return True if an account may use what was granted to its user at other hosts, or to everybody."""
    user, host = literal(account.user), literal(account.host)
    others = f"User IN ('', {user}) AND NOT (User = {user} AND Host = {host})"
    return any(server.administrator.ask(*(f"SELECT 1 FROM mysql.{table} WHERE {others} LIMIT 1" for table in _TABLES)))
