"""The status of one channel, as the replica reports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_netns_mysql.mysql.server import MySQLServer

_COLUMNS_IN_MESSAGES = (
    "Replica_IO_Running",
    "Replica_SQL_Running",
    "Source_Host",
    "Source_Port",
    "Network_Namespace",
    "Last_IO_Error",
    "Last_SQL_Error",
    "Retrieved_Gtid_Set",
    "Executed_Gtid_Set",
)


class ReplicaStatus(Mapping[str, Any]):
    """The columns of SHOW REPLICA STATUS for one channel, by name, as of one moment; empty without such a channel.

    See the manual, "SHOW REPLICA STATUS Statement" and "Performance Schema Replication Tables".
    """

    def __init__(self, replica: MySQLServer, channel: str) -> None:
        """Run SHOW REPLICA STATUS.

        Args:
            replica: The server that replicates.
            channel: The channel's name, '' for the default channel.
        """
        # Without FOR CHANNEL, which is an error for a channel that does not exist.
        rows = [row for row in replica.rows("SHOW REPLICA STATUS") if row["Channel_Name"] == channel]
        self._columns: dict[str, Any] = rows[0] if rows else {}
        self._replica = replica
        self._channel = channel

    def __getitem__(self, column: str) -> Any:
        return self._columns[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def is_connected(self) -> bool:
        """True if the receiver is connected to the source."""
        return bool(self.get("Replica_IO_Running") == "Yes")

    @property
    def has_stopped(self) -> bool:
        """True if the receiver or the applier has stopped, and will not start again by itself."""
        return "No" in (self.get("Replica_IO_Running", "No"), self.get("Replica_SQL_Running", "No"))

    @property
    def _was_stopped(self) -> bool:
        """True if neither the receiver nor the applier is running, and the applier met no error."""
        running = {self.get("Replica_IO_Running"), self.get("Replica_SQL_Running")}
        return running <= {"No", None} and not self.get("Last_SQL_Errno")

    @property
    def configuration(self) -> dict[str, Any]:
        """The channel's row of replication_connection_configuration, with NETWORK_NAMESPACE."""
        return self._table("replication_connection_configuration")[0]

    @property
    def receiver(self) -> dict[str, Any]:
        """The channel's row of replication_connection_status."""
        return self._table("replication_connection_status")[0]

    @property
    def applier(self) -> dict[str, Any]:
        """The channel's row of replication_applier_status."""
        return self._table("replication_applier_status")[0]

    @property
    def workers(self) -> list[dict[str, Any]]:
        """The channel's rows of replication_applier_status_by_worker."""
        return self._table("replication_applier_status_by_worker")

    def _table(self, name: str) -> list[dict[str, Any]]:
        return self._replica.rows(f"SELECT * FROM performance_schema.{name} WHERE CHANNEL_NAME = %s", self._channel)

    def __str__(self) -> str:
        values = ((name, self.get(name)) for name in _COLUMNS_IN_MESSAGES)
        return ", ".join(f"{name}: {value}" for name, value in values if value not in (None, ""))
