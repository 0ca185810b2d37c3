"""A channel of a replica: how the replica reaches its source through the network, and the channel's state."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import NetnsError, ReplicationError
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.replication.channelspec import TIMEOUT
from pytest_netns_mysql.mysql.replication.status import ReplicaStatus
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue

_LONGEST_USER = 32

# A lost connection is noticed after two missed heartbeats. The receiver tries again each second, without an end.
_DEFAULTS: Mapping[str, OptionValue] = {
    "SOURCE_AUTO_POSITION": 1,
    "SOURCE_CONNECT_RETRY": 1,
    "SOURCE_RETRY_COUNT": 86400,
    "SOURCE_HEARTBEAT_PERIOD": 0.5,
    "GET_SOURCE_PUBLIC_KEY": 1,
}

_CONNECTION_REMEDIES = (
    "read Last_IO_Error and Last_SQL_Error above: 2003 is the network, 1045 and 1130 the account, 13117 the "
    "namespace's name",
    "check the path between the two servers: netns.link(...), routes and forwarding of the topology",
)
_APPLIER_REMEDIES = (
    "fix what Last_SQL_Error above names, or skip that transaction, see the manual, 'Skipping Transactions'",
    "with SOURCE_DELAY the applier waits on purpose: promote(timeout=...) waits longer",
)


class Channel:
    """One connection of a replica to a source.

    See the manual, "CHANGE REPLICATION SOURCE TO Statement".

    Attributes:
        replica: The server that replicates.
        source: The server that the replica replicates from.
        name: The channel's name, '' for the default channel.
        network_namespace: The namespace that the replica connects from, '' for mysqld's own.
        endpoint: The endpoint of the source.
    """

    def __init__(
        self, replica: MySQLServer, source: MySQLServer, name: str, network_namespace: str, endpoint: Endpoint
    ) -> None:
        """Describe the channel; ``_begin`` creates it. The arguments are the attributes."""
        self.replica = replica
        self.source = source
        self.name = name
        self.network_namespace = network_namespace
        self.endpoint = endpoint
        self._account: str | None = None

    @property
    def _for_channel(self) -> str:
        return f"FOR CHANNEL {literal(self.name)}"

    @property
    def _title(self) -> str:
        """The replica's name and the channel's, for messages."""
        return self.replica.name + (f", channel {self.name}" if self.name else "")

    @property
    def status(self) -> ReplicaStatus:
        """The current row of SHOW REPLICA STATUS, and of the tables of performance_schema."""
        return ReplicaStatus(self.replica, self.name)

    @property
    def origin(self) -> str:
        """The address that the source sees this channel come from: PROCESSLIST_HOST of its Binlog Dump thread.

        Raises ReplicationError if the source has no connection of this channel.
        """
        (uuid,) = self.replica.execute("SELECT @@server_uuid")[0]
        rows = self.source.execute(
            "SELECT PROCESSLIST_HOST FROM performance_schema.threads JOIN performance_schema.user_variables_by_thread "
            "USING (THREAD_ID) WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%%' AND VARIABLE_NAME = 'replica_uuid' "
            "AND CONVERT(VARIABLE_VALUE USING ascii) = %s ORDER BY PROCESSLIST_ID DESC LIMIT 1",
            uuid,
        )
        if not rows:
            raise self._error(f"{self.source.name} has no connection from {self._title}")
        return str(rows[0][0])

    def _begin(self, options: Mapping[str, OptionValue]) -> None:
        """Create an account on the source for the origin that the source will see, and start to replicate.

        Args:
            options: Options of CHANGE REPLICATION SOURCE TO, which override this plugin's own. With SOURCE_USER no
                account is created.
        """
        if "SOURCE_USER" not in options:
            options = {**self._create_account(), **options}
        place: dict[str, OptionValue] = {
            "SOURCE_HOST": self.endpoint.address,
            "SOURCE_PORT": self.endpoint.port,
            "NETWORK_NAMESPACE": self.network_namespace or self.replica.default_network_namespace,
        }
        self.change(**{**_DEFAULTS, **place, **options})

    def _create_account(self) -> dict[str, OptionValue]:
        user = "_".join(part for part in (self.replica.name, self.name) if part)[:_LONGEST_USER]
        password = secrets.token_urlsafe(12)
        host = self.source.origin(self.network_namespace or GLOBAL, self.endpoint)
        self._account = f"{literal(user)}@{literal(host)}"
        execute = self.source.writable.execute
        # A promoted server has the account already, with a password that is not known any more.
        execute(f"CREATE USER IF NOT EXISTS {self._account} IDENTIFIED BY {literal(password)}")
        execute(f"ALTER USER {self._account} IDENTIFIED BY {literal(password)}")
        execute(f"GRANT REPLICATION SLAVE ON *.* TO {self._account}")
        self.source.catch_up()
        return {"SOURCE_USER": user, "SOURCE_PASSWORD": password}

    def _drop_account(self) -> None:
        """Drop the account that was created for this channel, if the source is running."""
        if self._account is not None and self.source.writable.is_running:
            self.source.writable.execute(f"DROP USER IF EXISTS {self._account}")

    def change(self, **options: OptionValue) -> None:
        """Stop the channel, run CHANGE REPLICATION SOURCE TO with these options, and start the channel again."""
        assignments = ", ".join(f"{name} = {_as_sql(value)}" for name, value in options.items())
        self.stop()
        self.replica.execute(f"CHANGE REPLICATION SOURCE TO {assignments} {self._for_channel}")
        self.start()

    def start(self) -> None:
        """Start the channel's receiver and applier."""
        self.replica.execute(f"START REPLICA {self._for_channel}")

    def stop(self) -> None:
        """Stop the channel's receiver and applier, if the channel exists."""
        if self.status:
            self.replica.execute(f"STOP REPLICA {self._for_channel}")

    def _apply_relay_log(self, timeout: float = TIMEOUT) -> float:
        """Stop the receiver, and wait until the replica has applied all that it has received.

        The source may be down.

        Args:
            timeout: How long to wait, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            ReplicationError: The applier has stopped, or the time is over.
        """
        if not self.status:  # the channel was reset, and what had been received is gone
            return 0.0
        self.replica.execute(f"STOP REPLICA IO_THREAD {self._for_channel}")
        self.replica.execute(f"START REPLICA SQL_THREAD {self._for_channel}")
        failure = f"{self._title} cannot be promoted: it has not applied all that it received from {self.source.name}"

        def is_applied() -> bool:
            status = self.status
            received = status["Retrieved_Gtid_Set"]
            if self._has_applied(received):
                return True
            if status["Replica_SQL_Running"] != "Yes":
                raise self._error(f"{failure}: its applier has stopped", received, _APPLIER_REMEDIES)
            return False

        return wait_until(
            is_applied,
            timeout=timeout,
            error=lambda: self._error(
                f"{failure} within {timeout:g} seconds", self.status["Retrieved_Gtid_Set"], _APPLIER_REMEDIES
            ),
        )

    def wait_until_caught_up(self, timeout: float = TIMEOUT) -> float:
        """Wait until the replica has applied all that its source has now.

        Args:
            timeout: How long to wait, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            ReplicationError: The receiver or the applier has stopped, or the time is over; with the status of both
                servers.
        """
        ((wanted,),) = self.source.execute("SELECT @@GLOBAL.gtid_executed")

        def is_caught_up() -> bool:
            status = self.status
            if status.has_stopped:
                raise self._error(f"{self._title} cannot catch up with {self.source.name}: it has stopped", wanted)
            return self._has_applied(wanted) and status.is_connected

        return wait_until(
            is_caught_up,
            timeout=timeout,
            error=lambda: self._error(
                f"{self._title} did not catch up with {self.source.name} within {timeout:g} seconds", wanted
            ),
        )

    def wait_until_connected(self, timeout: float = TIMEOUT) -> float:
        """Wait until the receiver is connected to the source.

        Args:
            timeout: How long to wait, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            ReplicationError: The time is over.
        """
        return wait_until(
            lambda: self.status.is_connected,
            timeout=timeout,
            error=lambda: self._error(
                f"{self._title} did not connect to {self.source.name} within {timeout:g} seconds"
            ),
        )

    def wait_until_disconnected(self, timeout: float = TIMEOUT, *, errno: int | None = None) -> float:
        """Wait until the receiver has noticed that its connection is lost.

        Args:
            timeout: How long to wait, in seconds.
            errno: The Last_IO_Errno to wait for, such as 2003 for a source that cannot be reached; None for any.

        Returns:
            The time that it took, in seconds.

        Raises:
            ReplicationError: The time is over.
        """
        return wait_until(
            lambda: self._is_disconnected(errno),
            timeout=timeout,
            error=lambda: self._error(
                f"{self._title} has not lost {self.source.name}"
                + (f" with error {errno}" if errno is not None else "")
                + f" after {timeout:g} seconds"
            ),
        )

    def _has_applied(self, gtids: str) -> bool:
        return self.replica.execute("SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)", gtids) == [(1,)]

    def _is_disconnected(self, errno: int | None) -> bool:
        status = self.status
        return not status.is_connected and errno in (None, status.get("Last_IO_Errno"))

    def _error(self, what: str, wanted: str = "", remedies: Sequence[str] = _CONNECTION_REMEDIES) -> ReplicationError:
        """Return an error that shows both servers, and the transactions of ``wanted`` that the replica lacks."""
        tried = [
            f"{self._title}: {self.status or 'it has no such channel'}",
            f"{self.source.name}: {self._describe_source()}",
        ]
        errors = (row["LAST_ERROR_MESSAGE"] for row in self.status.workers)
        tried += [f"{self.replica.name}: {error}" for error in errors if error]
        if wanted:
            ((missing,),) = self.replica.execute("SELECT GTID_SUBTRACT(%s, @@GLOBAL.gtid_executed)", wanted)
            tried.append(f"missing on {self.replica.name}: {missing or 'nothing'}")
        return ReplicationError(
            what,
            where=f"from namespace {self.network_namespace or GLOBAL} to {self.endpoint}, port {self.endpoint.port}",
            tried=tried,
            remedies=remedies,
        )

    def _describe_source(self) -> str:
        try:
            ((executed,),) = self.source.execute("SELECT @@GLOBAL.gtid_executed")
            receivers = self.source.execute(
                "SELECT PROCESSLIST_USER, PROCESSLIST_HOST, PROCESSLIST_STATE FROM performance_schema.threads "
                "WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%%'"
            )
        except NetnsError as error:
            return error.what
        listed = "; ".join(f"{user}@{host}: {state}" for user, host, state in receivers)
        return f"gtid_executed: {executed or 'nothing'}, it sends to {listed or 'nobody'}"


def _as_sql(value: OptionValue) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return literal(value) if isinstance(value, str) else str(value)
