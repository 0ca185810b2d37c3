"""Questions to a server, asked as the administrator; a server that does not answer has no answers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.grantlines import Grants, read_grants
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


def ask(server: Instance | None, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a query as text, NULL as ''; none if the server does not answer or refuses.

    The plugin's own session is asked: it sees no transaction of a test, and is open even if no connection is left.
    """
    import mysql.connector

    from pytest_netns_mysql.errors import NetnsError

    if server is None or not server.is_running:
        return []
    with contextlib.suppress(mysql.connector.Error, NetnsError, OSError):
        (rows,) = server._administrator.ask(query)
        return [tuple(map(decoded, row)) for row in rows]
    return []


def grants_of(server: Instance | None, account: str) -> Grants:
    """Return what an account or a role may do.

    Args:
        server: The server.
        account: The account or role as SQL writes it.
    """
    return read_grants(row[0] for row in ask(server, f"SHOW GRANTS FOR {account}"))


def variable(server: Instance | None, name: str) -> str:
    """Return the value of a global variable, or ''."""
    rows = ask(server, f"SHOW GLOBAL VARIABLES LIKE '{name}'")
    return rows[0][1] if rows else ""


def names(server: Instance | None, query: str) -> list[str]:
    """Return the first column of a query."""
    return [row[0] for row in ask(server, query)]
