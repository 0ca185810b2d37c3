"""Checks before a replica connects to a source: errors that MySQL would only log, or not report at all."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netns_mysql.errors import ReplicationError, in_short
from pytest_netns_mysql.mysql.replication.channel import Channel
from pytest_netns_mysql.mysql.server import MySQLServer


def check_new_channel(replica: MySQLServer, source: MySQLServer, channel: str, channels: Mapping[str, Channel]) -> None:
    """Raise ReplicationError if the replica cannot replicate from the source on a new channel.

    Args:
        replica: The server that is to replicate.
        source: The server to replicate from.
        channel: The new channel's name.
        channels: The replica's channels.
    """

    def error(why: str, *remedies: str) -> ReplicationError:
        return ReplicationError(
            f"{replica.name} cannot replicate from {source.name}: {why}", where=replica._spec._where, remedies=remedies
        )

    if channel in channels:
        raise error(
            f"its channel {channel!r} has a source already",
            'name another channel: channel="second"',
            f"{replica.name}.switch_source({source.name}) leaves the other source",
        )
    if any(known.source is source for known in channels.values()):
        raise error(
            f"another of its channels replicates from {source.name} already", "use another source for this channel"
        )
    ((log_bin, gtid_mode, server_id),) = source.execute("SELECT @@log_bin, @@gtid_mode, @@server_id")
    if not log_bin or gtid_mode != "ON":
        raise error(
            f"{source.name} writes no binary log with GTIDs",
            "make the source with factories.source(...)",
            'or give it options={"log_bin": None, "gtid_mode": "ON", "enforce_gtid_consistency": "ON"}',
            "for netns_mysqld: [mysqld.options] in the topology, as the preset replication has them",
        )
    if replica.execute("SELECT @@server_id") == [(server_id,)]:
        raise error(
            f"both servers have server_id {server_id}", 'give one of them another server_id: options={"server_id": ...}'
        )


def check_new_source(replica: MySQLServer, source: object) -> None:
    """Raise ReplicationError if ``source`` is not another running server that takes writes or replicates them.

    Args:
        replica: The server that is to switch its source.
        source: What the caller gave as the new source.
    """
    if not isinstance(source, MySQLServer) or source is replica:
        raise ReplicationError(
            f"{replica.name} cannot switch to {in_short(source) if source is not replica else 'itself'}",
            where=replica._spec._where,
            remedies=["pass the running server to replicate from, such as the replica that was promoted"],
        )
    source._raise_if_unwritable()


def check_known_channel(
    replica: MySQLServer, source: MySQLServer, channel: str, channels: Mapping[str, Channel]
) -> None:
    """Raise ReplicationError if the replica has no channel of this name to switch.

    Args:
        replica: The server that is to switch its source.
        source: The new source.
        channel: The channel's name.
        channels: The replica's channels.
    """
    if channel not in channels:
        raise ReplicationError(
            f"{replica.name} has no channel {channel!r} that could switch to {source.name}",
            where=replica._spec._where,
            tried=[f"its channels: {', '.join(map(repr, channels)) or 'none'}"],
            remedies=[f"{replica.name}.replicate({source.name}, channel={channel!r}) creates one"],
        )
