"""A server that replicates: its channels, and what waits for them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ReplicationError, ServerGoneError, ServerVersionError, in_short
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
from pytest_netns_mysql.mysql.replication.channel import TIMEOUT, Channel
from pytest_netns_mysql.mysql.replication.promotion import STATEMENTS, is_reset, is_stopped, no_replica
from pytest_netns_mysql.mysql.replication.status import ReplicaStatus
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.versions import format_version

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

FIRST_VERSION = (8, 0, 26)  # the statements and options with today's names

# What a server needs so that others can replicate from it; nothing is worth a flush here.
SOURCE: Mapping[str, OptionValue] = {
    "log_bin": None,
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "loose_sync_binlog": 0,
}
# A replica can be a source in turn. A source is taken for lost after this many seconds without a heartbeat.
REPLICA: Mapping[str, OptionValue] = {**SOURCE, "loose_replica_net_timeout": 2, "loose_relay_log_recovery": True}


class Replica(MySQLServer):
    """A server that replicates from one source or, by several channels, from several."""

    def __init__(self, plan: ResolvedSpec, network: Network) -> None:
        """Check the plan; raise EndpointError, and ServerVersionError for a server that is too old."""
        if plan.kind.version < FIRST_VERSION:
            raise ServerVersionError(
                f"factories.replica takes MySQL 8.0.26 or newer, and this is {format_version(plan.kind.version)}",
                where=plan.where,
                remedies=["name a newer server: netns_mysqld = /path/to/mysqld"],
            )
        super().__init__(plan, network)
        self.channels: dict[str, Channel] = {}
        self._former: list[Channel] = []  # whose accounts are on their sources still

    @property
    def channel(self) -> Channel:
        """The first channel, the only one of most replicas; raises ReplicationError once there is none."""
        if not self.channels:
            raise no_replica(self, "has no channel")
        return next(iter(self.channels.values()))

    @property
    def source(self) -> MySQLServer:
        """The server that this one replicates from."""
        return self.channel.source

    @property
    def status(self) -> ReplicaStatus:
        """What SHOW REPLICA STATUS says of the first channel, and the tables of performance_schema."""
        return self.channel.status

    @property
    def is_promoted(self) -> bool:
        """True if this server replicates from nobody: after ``promote``, or RESET REPLICA ALL by hand.

        Where the source does not run, STOP REPLICA is enough.
        """
        if not self.channels:
            return True
        with contextlib.suppress(ServerGoneError, mysql.connector.Error):  # it has just ended, or is about to
            return self.is_running and (is_reset(self) or is_stopped(self.channels.values()))
        return False

    @property
    def dataset(self) -> object:
        """What the servers that hold the same data have in common."""
        return self if self.is_promoted else self.source.dataset

    @property
    def writable(self) -> Instance:
        """The server that takes the writes of this one's data: its source, or that one's; itself once promoted."""
        return self if self.is_promoted else self.source.writable

    def raise_if_unwritable(self) -> None:
        """Raise ServerGoneError if this server is a replica still, and its source does not run."""
        writer = self.writable
        if writer is not self and not writer.is_running:
            raise ServerGoneError(
                f"{self.name} is a replica of {writer.name}, which does not run: nobody takes its writes",
                where=self.plan.where,
                tried=[writer.crash] if writer.crash else [],
                remedies=[f"{self.name}.promote() makes it a server of its own, as in a failover"],
            )

    def catch_up(self) -> None:
        """Return when this server has all that its sources have; raise ReplicationError."""
        for channel in () if self.is_promoted else self.channels.values():
            channel.source.catch_up()
            channel.wait_until_caught_up()

    def promote(self, timeout: float = TIMEOUT) -> float:
        """Make this replica a server of its own, which takes writes, accounts and other replicas.

        The statements are those of the manual, "Switching Sources During Failover", for servers with GTIDs: STOP
        REPLICA IO_THREAD, START REPLICA SQL_THREAD until the relay log is applied, STOP REPLICA, RESET REPLICA ALL,
        and ``super_read_only`` and ``read_only`` are switched off. Its source may run or not.

        Args:
            timeout: How long to wait for the relay log to be applied, in seconds.

        Returns:
            The seconds that it took.

        Raises:
            ReplicationError: It is promoted already, or has not applied its relay log.
        """
        if not self.channels or is_reset(self):
            raise no_replica(self, "cannot be promoted")
        began = time.monotonic()
        for channel in self.channels.values():
            channel.apply_relay_log(timeout)
        for statement in STATEMENTS:
            self.execute(statement)
        self._former += self.channels.values()
        self.channels.clear()
        return time.monotonic() - began

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
        """Replicate from another source on a channel, such as a replica that was promoted; the old one may be gone.

        Args:
            source: The new source.
            network_namespace: Where the connection is made, by default where it was made before.
            endpoint: As for ``replicate``.
            channel: The channel's name.
            options: As for ``replicate``.
            timeout: How long to wait for this server to catch up, in seconds.

        Returns:
            The channel when it has caught up.

        Raises:
            ReplicationError: There is no such channel, or this server cannot replicate from ``source``.
        """
        if not isinstance(source, MySQLServer) or source is self:
            raise ReplicationError(
                f"{self.name} cannot switch to {in_short(source) if source is not self else 'itself'}",
                where=self.plan.where,
                remedies=[
                    "pass the running server that it is to replicate from, such as the replica that was promoted"
                ],
            )
        if isinstance(source, Replica):
            source.raise_if_unwritable()
        before = self.channels.pop(channel, None)
        if before is None:
            raise ReplicationError(
                f"{self.name} has no channel {channel!r} that could switch to {source.name}",
                where=self.plan.where,
                tried=[f"it has {', '.join(map(repr, self.channels)) or 'none'}"],
                remedies=[f"{self.name}.replicate({source.name}, channel={channel!r}) makes one"],
            )
        name = before.network_namespace if network_namespace is None else network_namespace
        try:
            made = self.replicate(
                source, network_namespace=name, endpoint=endpoint, channel=channel, options=options, timeout=timeout
            )
        except BaseException:
            if self.channels.setdefault(channel, before) is not before:
                self._former.append(before)
            raise
        self._former.append(before)
        return made

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
        """Replicate from ``source``, with an account made there for this; return the channel when it has caught up.

        ``network_namespace`` is where the connection is made: by default the first namespace that this server listens
        in, '' for none. ``endpoint`` is the source's, or the namespace whose it is, by default the nearest.
        ``options`` are those of CHANGE REPLICATION SOURCE TO; with SOURCE_USER no account is made. Raises
        ReplicationError where it cannot be, or has not caught up after ``timeout`` seconds; UnknownNamespaceError.
        """
        if self._is_orphaned(channel):
            return self.switch_source(
                source,
                network_namespace=network_namespace,
                endpoint=endpoint,
                channel=channel,
                options=options,
                timeout=timeout,
            )
        self._check(source, channel)
        name = self._own_namespace() if network_namespace is None else network_namespace
        _ = self.network[name or GLOBAL]
        place = source.endpoint(endpoint) if isinstance(endpoint, str) else endpoint
        made = Channel(self, source, channel, name, place or _nearest(source, name or GLOBAL))
        self.channels[channel] = made
        made.begin(options or {})
        made.wait_until_caught_up(timeout)
        return made

    def describe(self) -> str:
        """Return what a report shows of the server, and how each of its channels stands."""
        channels = self.channels.values() if self.is_running else ()
        told = (f"{one.title} of {one.source.name}: {one.status or 'no such channel'}" for one in channels)
        return "\n".join([super().describe(), *told])

    def leave(self) -> None:
        """End this server, and drop the accounts that its sources have for it."""
        self.kill()
        for channel in (*self._former, *self.channels.values()):
            channel.drop_account()

    def wait_until_caught_up(self, timeout: float = TIMEOUT) -> float:
        """Return when every channel has applied all that its source has by now; the seconds that it took.

        Raises ReplicationError with the status of both ends.
        """
        return sum(channel.wait_until_caught_up(timeout) for channel in self.channels.values())

    def wait_until_connected(self, timeout: float = TIMEOUT) -> float:
        """Return when the first channel has its connection, the seconds that it took; raise ReplicationError."""
        return self.channel.wait_until_connected(timeout)

    def wait_until_disconnected(self, timeout: float = TIMEOUT, *, errno: int | None = None) -> float:
        """Return when the first channel has noticed that its connection is lost, with ``errno`` if that is given.

        Returns the seconds that it took; raises ReplicationError.
        """
        return self.channel.wait_until_disconnected(timeout, errno=errno)

    def _own_namespace(self) -> str:
        return next((one.namespace for one in self.endpoints if one.namespace != GLOBAL), "")

    def _is_orphaned(self, channel: str) -> bool:
        """Return True if the source of a channel is gone, or the channel was reset by hand."""
        known = self.channels.get(channel)
        return known is not None and (not known.source.is_running or not known.status)

    def _check(self, source: MySQLServer, channel: str) -> None:
        def cannot(why: str, *remedies: str) -> ReplicationError:
            return ReplicationError(
                f"{self.name} cannot replicate from {source.name}: {why}", where=self.plan.where, remedies=remedies
            )

        if channel in self.channels:
            raise cannot(
                f"its channel {channel!r} has a source already",
                'name another channel: channel="second"',
                f"{self.name}.switch_source({source.name}) leaves the other one",
            )
        if any(one.source is source for one in self.channels.values()):
            raise cannot("it does so already, and a source serves one connection of a server", "name another source")
        ((log_bin, gtid_mode, number),) = source.execute("SELECT @@log_bin, @@gtid_mode, @@server_id")
        if not log_bin or gtid_mode != "ON":
            raise cannot(
                "that writes no binary log with GTIDs",
                "make the source with factories.source(...)",
                'or give it options={"log_bin": None, "gtid_mode": "ON", "enforce_gtid_consistency": "ON"}',
                "for netns_mysqld: [mysqld.options] in the topology, as the preset replication has them",
            )
        if self.execute("SELECT @@server_id") == [(number,)]:
            raise cannot(f"both have server_id {number}", 'give one of them options={"server_id": ...} of its own')


def _nearest(source: MySQLServer, namespace: str) -> Endpoint:
    """Return where a replica of ``namespace`` reaches the source: not by a loopback, where there is another way."""
    nearest = source.endpoint_for(namespace)
    others = [one for one in source.endpoints if not one.is_loopback and not one.is_wildcard]
    return others[0] if nearest.is_loopback and others else nearest
