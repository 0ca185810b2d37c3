"""The statements by which a server joins a replication group."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.server import MySQLServer

_USER, _PASSWORD = "group_replication", "group_replication"
_PRIVILEGES = "REPLICATION SLAVE, GROUP_REPLICATION_STREAM, CONNECTION_ADMIN, BACKUP_ADMIN"


def prepare(server: MySQLServer, namespace: str, addresses: Iterable[str]) -> None:
    """Create the accounts that members use, outside of the binary log, and set the namespace of the plugin's sockets.

    Args:
        server: The server that is to join.
        namespace: The namespace of the server's sockets.
        addresses: The address of each member.
    """
    server.execute("SET SESSION sql_log_bin = 0")
    for address in addresses:
        account = f"{literal(_USER)}@{literal(address)}"
        server.execute(f"CREATE USER {account} IDENTIFIED BY {literal(_PASSWORD)}")
        server.execute(f"GRANT {_PRIVILEGES} ON *.* TO {account}")
    server.execute("SET SESSION sql_log_bin = 1")
    # The plugin opens all its sockets in the namespace of this channel.
    server.execute(
        f"CHANGE REPLICATION SOURCE TO SOURCE_USER = {literal(_USER)}, SOURCE_PASSWORD = {literal(_PASSWORD)}, "
        f"NETWORK_NAMESPACE = {literal(namespace)} FOR CHANNEL 'group_replication_recovery'"
    )


def start_group_replication(server: MySQLServer, *, bootstrap: bool) -> None:
    """Start Group Replication on a server; with ``bootstrap`` the server begins a new group."""
    try:
        if bootstrap:
            server.execute("SET GLOBAL group_replication_bootstrap_group = ON")
        server.execute("START GROUP_REPLICATION")
    finally:
        if bootstrap:
            server.execute("SET GLOBAL group_replication_bootstrap_group = OFF")
