"""Connections of accounts that may use only a schema of the test, which is dropped with the test.

Their statements cannot have changed anything that outlives the test. They are left out of the statement counters, so
that the check for leftovers does not look for changes by them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal
from pytest_netns_mysql.mysql.dialects.statementcounters import SESSION_COUNTERS
from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.account import Account
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_READ_TIMEOUT = 1  # second
# A client also has the schema, table and routine privileges of each other account of its user whose host matches, and
# of the anonymous user. SHOW GRANTS lists neither. See the manual, "Access Control, Stage 2".
_TABLES = ("db", "tables_priv", "columns_priv", "procs_priv")


def disregard(server: Instance, connections: Iterable[tuple[object, Account]]) -> None:
    """Leave the statements of confined connections out of a server's statement counters.

    A connection counts as confined if SHOW GRANTS says that its account may use only its schema. A connection that is
    running a statement cannot be asked, and stays in the counters.

    Args:
        server: The server.
        connections: Connections that are about to be closed, and their accounts.
    """
    import mysql.connector

    if not server._dialect.shows_all_grants:
        return
    # If the test has cut the network, the first connection runs into its timeout, and no other is asked.
    with contextlib.suppress(mysql.connector.Error, NetnsError):
        for connection, account in connections:
            if isinstance(connection, NamespaceConnection) and connection._is_idle:
                _disregard(server, connection, account)


def _disregard(server: Instance, connection: NamespaceConnection, account: Account) -> None:
    connection.read_timeout = _READ_TIMEOUT
    connection.cmd_query("SHOW GRANTS")
    grants = [str(row[0]) for row in connection.get_rows()[0]]
    connection.cmd_query(SESSION_COUNTERS)
    counts = connection.get_rows(raw=True)[0]
    if _allow_one_schema(grants, account.schema or "") and not _has_other_grants(server, account):
        server._administrator.disregard(counts)


def _allow_one_schema(grants: list[str], schema: str) -> bool:
    names = {identifier(schema), identifier(schema, pattern=True)}
    allowed = tuple(f"GRANT ALL PRIVILEGES ON {name}.* TO " for name in names)
    return len(grants) == 2 and grants[0].startswith("GRANT USAGE ON *.* TO ") and grants[1].startswith(allowed)


def _has_other_grants(server: Instance, account: Account) -> bool:
    """Return True if the account's user at other hosts, or the anonymous user, has privileges that may apply, too."""
    user, host = literal(account.user), literal(account.host)
    others = f"User IN ('', {user}) AND NOT (User = {user} AND Host = {host})"
    return any(server._administrator.ask(*(f"SELECT 1 FROM mysql.{table} WHERE {others} LIMIT 1" for table in _TABLES)))
