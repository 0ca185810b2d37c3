"""The MySQL server that tests see: an instance with seeds, snapshots and certificates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import ReplicationError
from pytest_netns_mysql.mysql.mysqld.features import Feature, Request
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.mysqld.kind import check_features

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.access.accessmatrix import AccessMatrix
    from pytest_netns_mysql.mysql.access.explanation import LoginExplanation
    from pytest_netns_mysql.mysql.clients.tls import Authority
    from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
    from pytest_netns_mysql.mysql.mysqld.seeded import Seeded
    from pytest_netns_mysql.mysql.reset.snapshot import Snapshot
    from pytest_netns_mysql.mysql.seed.seededschemas import SeededSchemas


class MySQLServer(Instance):
    """A MySQL server in the sandbox. It stops with ``kill()`` or when this process ends.

    Attributes:
        network: The network in whose namespaces the server listens.
    """

    @property
    def writable(self) -> MySQLServer:
        """The server on which this server's data is written: itself, its source, or the group's primary."""
        return self

    @property
    def tls(self) -> Authority:
        """The server's own certificate authority (CA), which the server trusts and which issues client certificates.

        Raises ServerVersionError for a kind of server without a CA of its own.
        """
        check_features(self._spec.kind, [Request(Feature.CERTIFICATE_AUTHORITY, "server.tls")], self._spec._where)
        from pytest_netns_mysql.mysql.clients.tls import Authority

        return Authority(self)

    def promote(self, timeout: float = 10.0) -> float:  # noqa: ARG002 - as of Replica
        """Raise ReplicationError: only a replica or a group member can be promoted. See Replica and Member."""
        raise ReplicationError(
            f"{self.name} cannot be promoted: it is not a replica, and takes writes already",
            where=self._spec._where,
            remedies=["promote what factories.replica made: replica.promote()"],
        )

    def explain_login(
        self, user: str, namespace: str = GLOBAL, endpoint: Endpoint | str | None = None
    ) -> LoginExplanation:
        """Explain whether a user may log in from a namespace, by which account, and why. No client connects.

        Args:
            user: The user name that the client gives.
            namespace: The namespace that the client connects from.
            endpoint: The endpoint that the client connects to, by default the nearest one.

        Raises:
            UnknownNamespaceError: There is no such namespace.
            EndpointError: The server does not listen there.
            ClientError: ``user`` is not a user name.
            ServerGoneError: mysqld does not run.
        """
        from pytest_netns_mysql.mysql.access.explain import explain_login

        return explain_login(self, user, namespace, endpoint)

    def access_matrix(self, users: Sequence[str] | None = None) -> AccessMatrix:
        """Return who may log in from where: an explanation for each user and namespace. No client connects.

        Args:
            users: The user names, by default all users of the server except its own.

        Raises:
            ClientError: ``users`` has something else than user names.
            ServerGoneError: mysqld does not run.
        """
        from pytest_netns_mysql.mysql.access.accessmatrix import access_matrix

        return access_matrix(self, users)

    def snapshot(self) -> Snapshot:
        """Return the data, the options and the global variables as of now, for ``restore``. Connections stay open.

        The snapshot is kept in memory until the server ends, and is as large as the data.

        Raises:
            SnapshotError: The server replicates, or has a replica.
            ServerGoneError: mysqld does not run.
            SettingError: Others run the server.
        """
        from pytest_netns_mysql.mysql.reset import snapshot

        self._own("copied")
        return snapshot.take(self)

    def restore(self, snapshot: Snapshot) -> None:
        """End mysqld and start it with the data, options and variables of a snapshot. Open connections are lost.

        Raises:
            SnapshotError: The snapshot is of another server, or is gone.
            EndpointError: A port is taken.
            ServerStartError: mysqld does not come up.
        """
        from pytest_netns_mysql.mysql.reset import snapshot as snapshots

        snapshots.copy_back(self, snapshot)
        listeners = snapshot._spec.listeners(self.network)
        self._spec: ResolvedSpec = snapshot._spec
        self._listeners = listeners
        self._start_again()
        snapshots.set_variables(self, snapshot)

    def _adopt(self, command: Sequence[str], process: AdoptedProcess) -> None:
        """Take over a server that another process started with the same configuration in the same sandbox.

        Args:
            command: mysqld's command line.
            process: The running mysqld.
        """
        self._own("adopted").adopt(command, process)
        if self._spec.load:
            _, seeded = self._seed()
            seeded.doubt()
            self._seeded: Seeded | None = seeded
        else:
            self._untouched_template: Path | None = self._template()

    def _source(self) -> Path:
        if not self._spec.load:
            return super()._source()
        self._origin, seeded = self._seed()
        self._seeded = seeded
        return self._origin

    def _seed(self) -> tuple[Path, SeededSchemas]:
        from pytest_netns_mysql.mysql.seed import seed

        folder = seed.cached_seed(self, self._template())
        return seed.data_of(folder), seed.SeededSchemas(self, folder)
