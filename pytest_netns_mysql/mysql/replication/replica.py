"""A server that replicates from others."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ServerGoneError, ServerVersionError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
from pytest_netns_mysql.mysql.replication import sourcecheck
from pytest_netns_mysql.mysql.replication.channel import Channel
from pytest_netns_mysql.mysql.replication.channelspec import TIMEOUT, ChannelSpec
from pytest_netns_mysql.mysql.replication.promotion import STATEMENTS, is_reset, is_stopped, not_a_replica
from pytest_netns_mysql.mysql.replication.status import ReplicaStatus
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.versions import format_version

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue

FIRST_VERSION = (8, 0, 26)  # the first with CHANGE REPLICATION SOURCE TO, SHOW REPLICA STATUS and the options' names

# The options that other servers need to replicate from a server. Tests lose nothing without a flush of each write.
SOURCE: Mapping[str, OptionValue] = {
    "log_bin": None,
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "loose_sync_binlog": 0,
}
# A replica can be a source in turn. It takes its source for lost after 2 seconds without a heartbeat.
REPLICA: Mapping[str, OptionValue] = {**SOURCE, "loose_replica_net_timeout": 2, "loose_relay_log_recovery": True}


class Replica(MySQLServer):
    """A server that replicates from one source or, by several channels, from several.

    Attributes:
        channels: The server's channels, by name.
    """

    def __init__(self, spec: ResolvedSpec, network: Network) -> None:
        """Check the server's configuration; raise EndpointError, or ServerVersionError for a server that is too old."""
        if spec.kind.version < FIRST_VERSION:
            raise ServerVersionError(
                f"factories.replica needs MySQL 8.0.26 or newer, this server is {format_version(spec.kind.version)}",
                where=spec._where,
                remedies=["name a newer server: netns_mysqld = /path/to/mysqld"],
            )
        super().__init__(spec, network)
        self.channels: dict[str, Channel] = {}
        self._former_channels: list[Channel] = []  # their accounts are still on the sources

    @property
    def channel(self) -> Channel:
        """The first channel, the only one of most replicas; raises ReplicationError if the server has no channel."""
        if not self.channels:
            raise not_a_replica(self, "has no channel")
        return next(iter(self.channels.values()))

    @property
    def source(self) -> MySQLServer:
        """The server that this server replicates from."""
        return self.channel.source

    @property
    def status(self) -> ReplicaStatus:
        """The status of the first channel: SHOW REPLICA STATUS, and the tables of performance_schema."""
        return self.channel.status

    @property
    def is_promoted(self) -> bool:
        """True if this server replicates from no server, after ``promote()`` or RESET REPLICA ALL by hand.

        If its source is not running, STOP REPLICA is enough.
        """
        if not self.channels:
            return True
        with contextlib.suppress(ServerGoneError, mysql.connector.Error):  # it has just ended, or is about to
            return self.is_running and (is_reset(self) or is_stopped(self.channels.values()))
        return False

    @property
    def _dataset(self) -> object:
        """What the servers that hold the same data have in common."""
        return self if self.is_promoted else self.source._dataset

    @property
    def writable(self) -> MySQLServer:
        """The server that takes the writes of this server's data: the source at the head, or itself once promoted."""
        return self if self.is_promoted else self.source.writable

    def _raise_if_unwritable(self) -> None:
        """Raise ServerGoneError if this server is still a replica and its source is not running."""
        writer = self.writable
        if writer is not self and not writer.is_running:
            raise ServerGoneError(
                f"{self.name} is a replica of {writer.name}, which is not running: no server takes its writes",
                where=self._spec._where,
                tried=[writer.crash] if writer.crash else [],
                remedies=[f"{self.name}.promote() makes it a server that takes writes, as in a failover"],
            )

    def catch_up(self) -> None:
        """Wait until this server has all that its sources have; raise ReplicationError after 10 seconds."""
        for channel in () if self.is_promoted else self.channels.values():
            channel.source.catch_up()
            channel.wait_until_caught_up()

    def promote(self, timeout: float = TIMEOUT) -> float:
        """Promote this replica to a server that takes writes, accounts and replicas of its own.

        The statements are those of the manual, "Switching Sources During Failover", for servers with GTIDs: STOP
        REPLICA IO_THREAD, START REPLICA SQL_THREAD until the relay log is applied, STOP REPLICA, RESET REPLICA ALL,
        then ``super_read_only`` and ``read_only`` are switched off. The source may be down.

        Args:
            timeout: How long to wait for the relay log to be applied, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            ReplicationError: The server is promoted already, or has not applied its relay log.
        """
        if not self.channels or is_reset(self):
            raise not_a_replica(self, "cannot be promoted")
        began = clock.monotonic()
        for channel in self.channels.values():
            channel._apply_relay_log(timeout)
        for statement in STATEMENTS:
            self.execute(statement)
        self._former_channels += self.channels.values()
        self.channels.clear()
        return clock.monotonic() - began

    def switch_source(
        self,
        source: MySQLServer,
        *,
        network_namespace: str | None = None,
        endpoint: Endpoint | str | None = None,
        channel: str = "",
        options: Mapping[str, OptionValue] | None = None,
        timeout: float = TIMEOUT,
    ) -> Channel:
        """Replicate from another source on a channel, such as a replica that was promoted; the old source may be down.

        Args:
            source: The new source.
            network_namespace: The namespace to connect from, by default the same as before.
            endpoint: As for ``replicate``.
            channel: The channel's name.
            options: As for ``replicate``.
            timeout: How long to wait for this server to catch up, in seconds.

        Returns:
            The channel, caught up.

        Raises:
            ReplicationError: There is no such channel, or this server cannot replicate from ``source``.
        """
        return self._switch_source(source, ChannelSpec(channel, network_namespace, endpoint, options or {}, timeout))

    def replicate(
        self,
        source: MySQLServer,
        *,
        network_namespace: str | None = None,
        endpoint: Endpoint | str | None = None,
        channel: str = "",
        options: Mapping[str, OptionValue] | None = None,
        timeout: float = TIMEOUT,
    ) -> Channel:
        """Replicate from a source, with an account that is created there for this channel.

        If the channel's source is gone, the channel switches to the new source.

        Args:
            source: The server to replicate from.
            network_namespace: The namespace to connect from, '' for mysqld's own. The default is the first namespace
                that this server listens in.
            endpoint: The source's endpoint, or the namespace of that endpoint. The default is the nearest.
            channel: The channel's name.
            options: Options of CHANGE REPLICATION SOURCE TO. With SOURCE_USER no account is created.
            timeout: How long to wait for this server to catch up, in seconds.

        Returns:
            The channel, caught up.

        Raises:
            ReplicationError: This server cannot replicate from ``source``, or has not caught up in time.
            UnknownNamespaceError: There is no such namespace.
        """
        return self._replicate(source, ChannelSpec(channel, network_namespace, endpoint, options or {}, timeout))

    def _switch_source(self, source: MySQLServer, spec: ChannelSpec) -> Channel:
        sourcecheck.check_new_source(self, source)
        sourcecheck.check_known_channel(self, source, spec.name, self.channels)
        before = self.channels.pop(spec.name)
        if spec.network_namespace is None:
            spec = replace(spec, network_namespace=before.network_namespace)
        try:
            after = self._replicate(source, spec)
        except BaseException:
            if self.channels.setdefault(spec.name, before) is not before:
                self._former_channels.append(before)
            raise
        self._former_channels.append(before)
        return after

    def _replicate(self, source: MySQLServer, spec: ChannelSpec) -> Channel:
        if self._has_lost_source(spec.name):
            return self._switch_source(source, spec)
        sourcecheck.check_new_channel(self, source, spec.name, self.channels)
        namespace = self._own_namespace() if spec.network_namespace is None else spec.network_namespace
        _ = self.network[namespace or GLOBAL]  # raises UnknownNamespaceError
        endpoint = source.endpoint(spec.endpoint) if isinstance(spec.endpoint, str) else spec.endpoint
        endpoint = endpoint or _nearest_endpoint(source, namespace or GLOBAL)
        channel = self.channels[spec.name] = Channel(self, source, spec.name, namespace, endpoint)
        channel._begin(spec.options)
        channel.wait_until_caught_up(spec.timeout)
        return channel

    def _describe(self) -> str:
        """Return a description of the server and of each channel's status, for reports."""
        channels = self.channels.values() if self.is_running else ()
        states = (f"{each._title} of {each.source.name}: {each.status or 'no such channel'}" for each in channels)
        return "\n".join([super()._describe(), *states])

    def _leave(self) -> None:
        """End this server, and drop the accounts that its sources have for it."""
        self.kill()
        for channel in (*self._former_channels, *self.channels.values()):
            channel._drop_account()

    def wait_until_caught_up(self, timeout: float = TIMEOUT) -> float:
        """Wait until each channel has applied all that its source has now.

        Args:
            timeout: How long to wait for a channel, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            ReplicationError: A channel has stopped, or the time is over; with the status of both servers.
        """
        return sum(channel.wait_until_caught_up(timeout) for channel in self.channels.values())

    def wait_until_connected(self, timeout: float = TIMEOUT) -> float:
        """Wait as ``Channel.wait_until_connected`` does, for the first channel."""
        return self.channel.wait_until_connected(timeout)

    def wait_until_disconnected(self, timeout: float = TIMEOUT, *, errno: int | None = None) -> float:
        """Wait as ``Channel.wait_until_disconnected`` does, for the first channel."""
        return self.channel.wait_until_disconnected(timeout, errno=errno)

    def _own_namespace(self) -> str:
        return next((endpoint.namespace for endpoint in self.endpoints if endpoint.namespace != GLOBAL), "")

    def _has_lost_source(self, channel: str) -> bool:
        """Return True if the source of a channel is not running, or the channel was reset by hand."""
        known = self.channels.get(channel)
        return known is not None and (not known.source.is_running or not known.status)


def _nearest_endpoint(source: MySQLServer, namespace: str) -> Endpoint:
    """Return the endpoint for a replica of ``namespace``: not a loopback address, unless there is no other."""
    nearest = source.endpoint_for(namespace)
    others = [endpoint for endpoint in source.endpoints if not endpoint.is_loopback and not endpoint.is_wildcard]
    return others[0] if nearest.is_loopback and others else nearest
