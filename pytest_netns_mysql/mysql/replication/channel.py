"""One channel of a replica: from where in the network it reaches its source, and how it stands."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import NetnsError, ReplicationError
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.replication.status import ReplicaStatus
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue

TIMEOUT = 10.0  # seconds
_LONGEST_USER = 32

# A break is noticed after two missed heartbeats, and the connection is tried again each second, for ever.
_DEFAULTS: Mapping[str, OptionValue] = {
    "SOURCE_AUTO_POSITION": 1,
    "SOURCE_CONNECT_RETRY": 1,
    "SOURCE_RETRY_COUNT": 86400,
    "SOURCE_HEARTBEAT_PERIOD": 0.5,
    "GET_SOURCE_PUBLIC_KEY": 1,
}

_LOOK = (
    "read Last_IO_Error and Last_SQL_Error above: 2003 is the network, 1045 and 1130 the account, 13117 the "
    "namespace's name",
    "look at the way between the two: netns.link(...), routes and forwarding of the topology",
)
_MEND = (
    "mend what Last_SQL_Error above names, or skip that transaction, see the manual, 'Skipping Transactions'",
    "promote(timeout=...) waits longer; with SOURCE_DELAY the applier waits on purpose",
)


class Channel:
    """One connection of a replica to a source.

    See the manual, "CHANGE REPLICATION SOURCE TO Statement".

    Attributes:
        name: The channel's name, '' for the default channel.
        network_namespace: The namespace in which the replica makes the socket, '' for mysqld's own.
        endpoint: The endpoint of the source.
    """

    def __init__(
        self, replica: MySQLServer, source: MySQLServer, name: str, network_namespace: str, endpoint: Endpoint
    ) -> None:
        """Keep who replicates from whom, and how; nothing is done."""
        self.replica = replica
        self.source = source
        self.name = name
        self.network_namespace = network_namespace
        self.endpoint = endpoint
        self._account: str | None = None

    @property
    def _of_channel(self) -> str:
        return f"FOR CHANNEL {literal(self.name)}"

    @property
    def title(self) -> str:
        """Return the replica's name with the channel's, for messages."""
        return self.replica.name + (f", channel {self.name}" if self.name else "")

    @property
    def status(self) -> ReplicaStatus:
        """Return what SHOW REPLICA STATUS says now, and the tables of performance_schema."""
        return ReplicaStatus(self.replica, self.name)

    @property
    def origin(self) -> str:
        """Return the address that the source sees this channel come from; raise ReplicationError where there is none.

        It is what the source's processlist shows for the thread that sends the binary log.
        """
        (uuid,) = self.replica.execute("SELECT @@server_uuid")[0]
        found = self.source.execute(
            "SELECT PROCESSLIST_HOST FROM performance_schema.threads JOIN performance_schema.user_variables_by_thread "
            "USING (THREAD_ID) WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%%' AND VARIABLE_NAME = 'replica_uuid' "
            "AND CONVERT(VARIABLE_VALUE USING ascii) = %s ORDER BY PROCESSLIST_ID DESC LIMIT 1",
            uuid,
        )
        if not found:
            raise self._error(f"{self.source.name} sees no connection of {self.title}")
        return str(found[0][0])

    def begin(self, options: Mapping[str, OptionValue]) -> None:
        """Make an account on the source for the origin that it will see, and start to replicate.

        ``options`` are those of CHANGE REPLICATION SOURCE TO, over our own; with SOURCE_USER no account is made.
        """
        if "SOURCE_USER" not in options:
            options = {**self._make_account(), **options}
        known: dict[str, OptionValue] = {
            "SOURCE_HOST": self.endpoint.address,
            "SOURCE_PORT": self.endpoint.port,
            "NETWORK_NAMESPACE": self.network_namespace or self.replica.outward,
        }
        self.change(**{**_DEFAULTS, **known, **options})

    def _make_account(self) -> dict[str, OptionValue]:
        user = "_".join(part for part in (self.replica.name, self.name) if part)[:_LONGEST_USER]
        password = secrets.token_urlsafe(12)
        host = self.source.origin(self.network_namespace or GLOBAL, self.endpoint)
        self._account = f"{literal(user)}@{literal(host)}"
        execute = self.source.writable.execute
        # On a server that was promoted the account is there already, with a password that nobody knows.
        execute(f"CREATE USER IF NOT EXISTS {self._account} IDENTIFIED BY {literal(password)}")
        execute(f"ALTER USER {self._account} IDENTIFIED BY {literal(password)}")
        execute(f"GRANT REPLICATION SLAVE ON *.* TO {self._account}")
        self.source.catch_up()
        return {"SOURCE_USER": user, "SOURCE_PASSWORD": password}

    def drop_account(self) -> None:
        """Drop the account that was made for this channel, where the source runs."""
        if self._account is not None and self.source.writable.is_running:
            self.source.writable.execute(f"DROP USER IF EXISTS {self._account}")

    def change(self, **options: OptionValue) -> None:
        """Stop the channel, change it by CHANGE REPLICATION SOURCE TO with these options, start it again."""
        assignments = ", ".join(f"{name} = {_value(value)}" for name, value in options.items())
        self.stop()
        self.replica.execute(f"CHANGE REPLICATION SOURCE TO {assignments} {self._of_channel}")
        self.start()

    def start(self) -> None:
        """Start the channel's receiver and applier."""
        self.replica.execute(f"START REPLICA {self._of_channel}")

    def stop(self) -> None:
        """Stop them, where they are."""
        if self.status:
            self.replica.execute(f"STOP REPLICA {self._of_channel}")

    def apply_relay_log(self, timeout: float = TIMEOUT) -> float:
        """Stop the receiver, and return when all that it has received is applied; the seconds that it took.

        The source is not asked. Raises ReplicationError after ``timeout`` seconds, and at once where the applier stops.
        """
        if not self.status:  # it was reset, with what had been received
            return 0.0
        self.replica.execute(f"STOP REPLICA IO_THREAD {self._of_channel}")
        self.replica.execute(f"START REPLICA SQL_THREAD {self._of_channel}")
        what = f"{self.title} cannot be promoted: it has not applied all that it had received from {self.source.name}"

        def is_applied() -> bool:
            status = self.status
            received = status["Retrieved_Gtid_Set"]
            if self.replica.execute("SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)", received) == [(1,)]:
                return True
            if status["Replica_SQL_Running"] != "Yes":
                raise self._error(f"{what}: its applier has stopped", received, _MEND)
            return False

        return wait_until(
            is_applied,
            timeout=timeout,
            error=lambda: self._error(f"{what} within {timeout:g} seconds", self.status["Retrieved_Gtid_Set"], _MEND),
        )

    def wait_until_caught_up(self, timeout: float = TIMEOUT) -> float:
        """Return when the replica has applied all that the source has by now; the seconds that it took.

        Raises ReplicationError, with the status of both ends, after ``timeout`` seconds, and at once where the
        receiver or the applier has stopped.
        """
        ((wanted,),) = self.source.execute("SELECT @@GLOBAL.gtid_executed")

        def caught_up() -> bool:
            status = self.status
            if status.has_stopped:
                raise self._error(f"{self.title} cannot catch up with {self.source.name}: it has stopped", wanted)
            there = self.replica.execute("SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)", wanted) == [(1,)]
            return there and status.is_connected

        return wait_until(
            caught_up,
            timeout=timeout,
            error=lambda: self._error(
                f"{self.title} did not catch up with {self.source.name} within {timeout:g} seconds", wanted
            ),
        )

    def wait_until_connected(self, timeout: float = TIMEOUT) -> float:
        """Return when the receiver has its connection, the seconds that it took; raise ReplicationError."""
        return wait_until(
            lambda: self.status.is_connected,
            timeout=timeout,
            error=lambda: self._error(f"{self.title} did not connect to {self.source.name} within {timeout:g} seconds"),
        )

    def wait_until_disconnected(self, timeout: float = TIMEOUT, *, errno: int | None = None) -> float:
        """Return when the receiver has noticed that its connection is lost, the seconds that it took.

        With ``errno``, such as 2003 for a source that cannot be reached, when Last_IO_Errno is that. Raises
        ReplicationError.
        """
        return wait_until(
            lambda: self._is_disconnected(errno),
            timeout=timeout,
            error=lambda: self._error(
                f"{self.title} has not lost {self.source.name}"
                + (f" with error {errno}" if errno is not None else "")
                + f" after {timeout:g} seconds"
            ),
        )

    def _is_disconnected(self, errno: int | None) -> bool:
        status = self.status
        return not status.is_connected and errno in (None, status.get("Last_IO_Errno"))

    def _error(self, what: str, wanted: str = "", remedies: Sequence[str] = _LOOK) -> ReplicationError:
        tried = [f"{self.title}: {self.status or 'it has no such channel'}", f"{self.source.name}: {self._sent()}"]
        tried += [f"{self.replica.name}: {why}" for row in self.status.workers if (why := row["LAST_ERROR_MESSAGE"])]
        if wanted:
            ((missing,),) = self.replica.execute("SELECT GTID_SUBTRACT(%s, @@GLOBAL.gtid_executed)", wanted)
            tried.append(f"missing on {self.replica.name}: {missing or 'nothing'}")
        way = f"from namespace {self.network_namespace or GLOBAL} to {self.endpoint}, port {self.endpoint.port}"
        return ReplicationError(
            what,
            where=way,
            tried=tried,
            remedies=remedies,
        )

    def _sent(self) -> str:
        try:
            ((executed,),) = self.source.execute("SELECT @@GLOBAL.gtid_executed")
            seen = self.source.execute(
                "SELECT PROCESSLIST_USER, PROCESSLIST_HOST, PROCESSLIST_STATE FROM performance_schema.threads "
                "WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%%'"
            )
        except NetnsError as error:
            return error.what
        readers = "; ".join(f"{user}@{host}: {state}" for user, host, state in seen)
        return f"gtid_executed: {executed or 'nothing'}, it sends to {readers or 'nobody'}"


def _value(value: OptionValue) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return literal(value) if isinstance(value, str) else str(value)
