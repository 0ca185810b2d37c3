"""Promotion of a replica: the statements for it, and how to see that a server was promoted."""

from __future__ import annotations

from collections.abc import Collection

from pytest_netns_mysql.errors import ReplicationError
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.replication.channel import Channel

_COUNT_CHANNELS = "SELECT COUNT(*) FROM performance_schema.replication_connection_configuration WHERE HOST <> ''"

STATEMENTS = (
    "STOP REPLICA",
    "RESET REPLICA ALL",
    "SET GLOBAL super_read_only = OFF",
    "SET GLOBAL read_only = OFF",
)
"""The statements that promote a replica that has applied its relay log.

See the manual, "Switching Sources During Failover".
"""


def is_reset(server: Instance) -> bool:
    """Return True if the server has no channel, as after RESET REPLICA ALL."""
    return server._administrator.ask(_COUNT_CHANNELS) == [[(b"0",)]]


def is_stopped(channels: Collection[Channel]) -> bool:
    """Return True if no source of these channels is running, and STOP REPLICA stopped all channels."""
    return not any(channel.source.is_running for channel in channels) and all(
        channel.status._was_stopped for channel in channels
    )


def not_a_replica(server: Instance, what: str) -> ReplicationError:
    """Return the error for a server that replicates from no source.

    Args:
        server: The server.
        what: What cannot be done or found, as the end of a sentence that begins with the server's name.
    """
    return ReplicationError(
        f"{server.name} {what}: it replicates from no server, because it was promoted or has never replicated",
        where=server._spec._where,
        remedies=[f"{server.name}.replicate(source) makes it a replica"],
    )
