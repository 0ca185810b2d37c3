"""What makes a replica a server of its own, and what shows that it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ReplicationError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.replication.channel import Channel

_CHANNELS = "SELECT COUNT(*) FROM performance_schema.replication_connection_configuration WHERE HOST <> ''"

STATEMENTS = (
    "STOP REPLICA",
    "RESET REPLICA ALL",
    "SET GLOBAL super_read_only = OFF",
    "SET GLOBAL read_only = OFF",
)
"""What is run on a replica that has applied its relay log, see the manual, "Switching Sources During Failover"."""


def is_reset(server: Instance) -> bool:
    """Return True if the server has no channel any more, as after RESET REPLICA ALL."""
    return server.administrator.ask(_CHANNELS) == [[(b"0",)]]


def is_stopped(channels: Collection[Channel]) -> bool:
    """Return True if no source of these channels runs, and STOP REPLICA has stopped each channel."""
    return not any(one.source.is_running for one in channels) and all(one.status.was_stopped for one in channels)


def no_replica(server: Instance, what: str) -> ReplicationError:
    """Return the error for a server that replicates from nobody: ``what`` it is not or has not."""
    return ReplicationError(
        f"{server.name} {what}: it is no replica, it was promoted already or has never replicated",
        where=server.plan.where,
        remedies=[f"{server.name}.replicate(source) makes it a replica"],
    )
