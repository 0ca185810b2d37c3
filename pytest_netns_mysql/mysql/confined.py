"""Connections that reach nothing but a schema of the test's own: what they run need not be looked for elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.client import NamespaceConnection
from pytest_netns_mysql.mysql.counters import OF_THE_SESSION
from pytest_netns_mysql.mysql.quoting import identifier

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.accounts import Account
    from pytest_netns_mysql.mysql.server import MySQLServer

_PATIENCE = 2  # seconds
_GRANTED_TO_ALL = "SELECT 1 FROM mysql.db WHERE User = '' UNION ALL SELECT 1 FROM mysql.tables_priv WHERE User = ''"


def disregard(server: MySQLServer, connection: object, account: Account) -> None:
    """Have a server's statement counters leave out what a connection has run, which is about to be closed.

    That is done where the server itself says that the account may use one schema, which is dropped with it, and nothing
    else; and where the connection can be asked, since no statement runs on it.
    """
    import mysql.connector

    if not server.dialect.shows_all_grants or not isinstance(connection, NamespaceConnection) or not connection.is_idle:
        return
    connection.read_timeout = _PATIENCE
    with contextlib.suppress(mysql.connector.Error):
        connection.cmd_query("SHOW GRANTS")
        grants = [str(row[0]) for row in connection.get_rows()[0]]
        connection.cmd_query(OF_THE_SESSION)
        counts = connection.get_rows(raw=True)[0]
        # What is granted to nobody in particular, SHOW GRANTS does not tell; see the manual, "Access Control, Stage 2".
        to_all = server.administrator.ask(_GRANTED_TO_ALL)[0]
        if not to_all and _are_of_one_schema(grants, account.schema or ""):
            server.administrator.disregard(counts)


def _are_of_one_schema(grants: list[str], schema: str) -> bool:
    names = {identifier(schema), identifier(schema, pattern=True)}
    allowed = tuple(f"GRANT ALL PRIVILEGES ON {name}.* TO " for name in names)
    return len(grants) == 2 and grants[0].startswith("GRANT USAGE ON *.* TO ") and grants[1].startswith(allowed)
