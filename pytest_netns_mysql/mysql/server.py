"""A running MySQL server: where it listens, and how to talk to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ReplicationError, ServerGoneError, ServerStartError, SettingError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.cache import manifest
from pytest_netns_mysql.mysql.mysqld import template as templates
from pytest_netns_mysql.mysql.mysqld.administrator import Administrator
from pytest_netns_mysql.mysql.mysqld.failure import naming_limits
from pytest_netns_mysql.mysql.mysqld.features import Feature, Request
from pytest_netns_mysql.mysql.mysqld.instance import ServerFacts
from pytest_netns_mysql.mysql.mysqld.kind import check_features
from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.tls import Authority
    from pytest_netns_mysql.mysql.drivers.connect import Driver
    from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess
    from pytest_netns_mysql.mysql.mysqld.process import Process
    from pytest_netns_mysql.mysql.reset.snapshot import Snapshot
    from pytest_netns_mysql.mysql.seed.seededschemas import SeededSchemas

_STOP_TIMEOUT = 30.0  # seconds


class MySQLServer(ServerFacts):
    """Be a server in the sandbox, started by ``start`` and ended by ``kill`` or with this process.

    Shape: ``version`` is a tuple such as (9, 7, 4), ``error_log`` the whole log as text.
    """

    def __init__(self, plan: ResolvedSpec, network: Network) -> None:
        """Check the plan's endpoints against the network; raise EndpointError before anything is started."""
        super().__init__(plan, network)
        self.administrator = Administrator(self._access, plan.kind.dialect, timeout=plan.start_timeout)
        self.seeded: SeededSchemas | None = None
        self._origin: Path | None = None  # in the cache, until a server has come up from it

    @property
    def tls(self) -> Authority:
        """Return the authority that the server trusts, its own CA: it makes certificates for clients.

        Raises ServerVersionError for a kind of server that makes none.
        """
        check_features(self.plan.kind, [Request(Feature.CERTIFICATE_AUTHORITY, "server.tls")], self.plan.where)
        from pytest_netns_mysql.mysql.clients.tls import Authority

        return Authority(self)

    # A server that others copy, or that copies another: see Replica and Member.

    @property
    def dataset(self) -> object:
        """Return what the servers that hold the same data have in common: of one alone, itself."""
        return self

    @property
    def writable(self) -> MySQLServer:
        """Return the server that takes the writes of this one's data: itself, a source, a primary."""
        return self

    def catch_up(self) -> None:
        """Return when this server has all that ``writable`` has: of one alone, at once."""

    def raise_if_unwritable(self) -> None:
        """Raise ServerGoneError if this server copies one that does not run; one alone says so when it is asked."""

    def promote(self, timeout: float = 10.0) -> float:  # noqa: ARG002 - as of Replica
        """Raise ReplicationError: a server that copies no other is promoted to nothing. See Replica and Member."""
        raise ReplicationError(
            f"{self.name} cannot be promoted: it is no replica, and takes writes itself",
            where=self.plan.where,
            remedies=["promote what factories.replica made: replica.promote()"],
        )

    def start(self) -> None:
        """Copy the data directory, start mysqld, return when it answers.

        Raises EndpointError where a port is taken, ServerStartError where mysqld does not come up, or comes up
        without X Plugin where that has an address.
        """
        with naming_limits(self.plan.where):
            self.launch()
            self.wait_until_up()

    def launch(self) -> None:
        """Copy the data directory and start mysqld; return while it boots, so that several servers boot at once."""
        self.prepare()
        self.boot()

    def prepare(self) -> None:
        """Copy the data directory and check the ports: what is done before ``boot`` by a thread that may enter."""
        source = None if self._process is None else self._source()
        self._access.make_folder()
        if self._process is not None and source is not None:
            self._process.copy_data(source)
            self._make_way(self._process)

    def _source(self) -> Path:
        """Return the data directory that this one's is a copy of."""
        if not self.plan.load:
            self._origin = self._template()
            return self._origin
        self._origin, self.seeded = self._seed()
        return self._origin

    def _template(self) -> Path:
        plan = self.plan
        return templates.template(
            plan.kind,
            plan.initial_options(),
            cache=plan.cache,
            progress=plan.progress,
            timeout=plan.start_timeout,
        )

    def _seed(self) -> tuple[Path, SeededSchemas]:
        from pytest_netns_mysql.mysql.seed import seed

        folder = seed.template(self, self._template())
        return seed.data_of(folder), seed.SeededSchemas(self, folder)

    def _make_way(self, process: Process) -> None:
        self._listeners.check_ports()
        process.prepare(self._listeners)

    def boot(self) -> None:
        """Start mysqld, and return while it boots; the calling thread may stand anywhere, and mysqld ends with it."""
        self.administrator.forget()
        self._access.clients.clear()
        self._is_ended = False
        if self._process is not None:
            self._process.launch(
                self.plan.complete_options(), self._listeners, drop_capabilities=self.plan.drop_capabilities
            )

    def adopt(self, command: Sequence[str], process: AdoptedProcess) -> None:
        """Be a server that another process started, by the same plan, in the same sandbox."""
        self._own("adopted").adopt(command, process)
        if self.plan.load:
            self.seeded = self._seed()[1]
            self.seeded.doubt()

    def wait_until_up(self) -> None:
        """Return when mysqld answers, and X Plugin where it has an address; raise ServerStartError.

        Where it does not come up, and the data that it was given is damaged in the cache, that is made again, once.
        """
        origin, self._origin = self._origin, None
        try:
            self._access.wait(self.administrator.answers, timeout=self.plan.start_timeout)
        except ServerStartError:
            fault = None if origin is None else manifest.fault_of_content(origin)
            if origin is None or fault is None:
                raise
            self._start_from_new_data(origin, fault)
        if self._process is not None and self.plan.mysqlx_bind_address is not None and self.plan.require_mysqlx:
            self._process.check_x_plugin(self.plan.where)

    def _start_from_new_data(self, origin: Path, fault: str) -> None:
        self.plan.progress(f"the data directory {origin} in the cache is damaged ({fault}): it is made again")
        self.discard()
        templates.discard(origin)
        self.launch()
        self._origin = None
        try:
            self._access.wait(self.administrator.answers, timeout=self.plan.start_timeout)
        except ServerStartError as error:
            error.tried = (*error.tried, f"data from {origin}, made anew for this start: it was damaged before")
            raise

    def running_pid(self) -> int:
        """Return the pid of the running mysqld; raise ServerGoneError where it does not run."""
        pid = self._access.pid
        if pid is None:
            self._access.check_running()
            raise ServerGoneError("mysqld is not running: it has just ended", where=self.plan.where)
        return pid

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator; return its rows.

        Raises ServerGoneError where mysqld does not run, and the server's own errors.
        """
        return self.administrator.execute(statement, *values)[1]

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement as ``execute`` does; return its rows by the names of their columns."""
        names, rows = self.administrator.execute(statement, *values)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def connect(
        self,
        namespace: str | None = None,
        *,
        endpoint: Endpoint | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Open a connection: as the administrator by the private socket, or from a namespace as ``user``.

        ``options`` are those of mysql.connector, whichever driver it is: user, password, database, connection_timeout,
        autocommit, ssl_ca and so on, or the driver's own. Without a password TLS is left out unless asked for
        (``ssl_disabled=False``) or required: there is nothing to hide and it costs 40 ms. The caller closes the
        connection. Raises ServerGoneError where mysqld does not run, ClientError, and what the driver raises.
        """
        if namespace is None and endpoint is None:
            return self.administrator.connect(driver, **options)
        from pytest_netns_mysql.mysql.drivers.connect import connect_with_tls_if_required, endpoint_kind
        from pytest_netns_mysql.mysql.drivers.driveroptions import with_common_names

        self._access.check_running()
        options = with_common_names(driver, options)
        name = namespace if namespace is not None else GLOBAL
        place = self.endpoint_for(name, endpoint_kind(driver)) if endpoint is None else endpoint
        settings = {"host": place.address, "port": place.port, **self.dialect.common(driver, options), **options}
        with self._access.raise_if_server_died():
            connection = connect_with_tls_if_required(self.network[name], driver, **settings)
        self._access.clients.note(connection, f"{options.get('user', 'nobody')} from {name}")
        return connection

    def restart(self, **changes: Any) -> None:
        """Shut mysqld down and start it on the same data, with what is given changed.

        That is ``bind_address``, ``admin_address``, ``mysqlx_bind_address``, ``check_endpoints``, ``require_mysqlx``,
        ``drop_capabilities``, as for factories.mysqld, and mysqld's options by name. Open connections are lost. Raises
        what ``start`` raises; the next restart then begins from what the server was started with before.
        """
        self._own("restarted")
        before = self.plan, self._listeners
        plan = self.plan.changed(changes)
        listeners = plan.listeners(self.network)
        self.stop()
        self.plan, self._listeners = plan, listeners
        try:
            self._start_again()
        except BaseException:
            self.plan, self._listeners = before
            raise

    def snapshot(self) -> Snapshot:
        """Return the data, the options and the global variables as of now, for ``restore``; connections stay.

        It is kept in memory, as large as the data, until the server ends. Raises SnapshotError for a server that
        replicates or has a replica, ServerGoneError where mysqld does not run.
        """
        from pytest_netns_mysql.mysql.reset import snapshot

        self._own("copied")
        return snapshot.take(self)

    def restore(self, snapshot: Snapshot) -> None:
        """End mysqld and start it with all that a snapshot of it has; open connections are lost.

        Raises SnapshotError for a snapshot of another server, or one that is gone, and what ``start`` raises.
        """
        from pytest_netns_mysql.mysql.reset import snapshot as snapshots

        snapshots.copy_back(self, snapshot)
        self.plan, self._listeners = snapshot.plan, snapshot.plan.listeners(self.network)
        self._start_again()
        snapshots.set_variables(self, snapshot)

    def _start_again(self) -> None:
        with naming_limits(self.plan.where):
            self._make_way(self._own("restarted"))
            self.boot()
            self.wait_until_up()

    def stop(self, *, fast_shutdown: int = 2) -> None:
        """Shut mysqld down in good order; its data stays for ``restart``."""
        process = self._own("stopped")
        self._is_ended = True
        if process.is_running():
            # 2 flushes the log and leaves the rest to recovery: half a second instead of one to three.
            self.administrator.run(f"SET GLOBAL innodb_fast_shutdown = {fast_shutdown}")
            # A thread that sends the binary log to a replica would be waited for: ten seconds.
            (clients,) = self.administrator.ask("SHOW PROCESSLIST")
            dumps = [int(row[0] or 0) for row in clients if (row[4] or b"").startswith(b"Binlog Dump")]
            self.administrator.end_connections(dumps)
            self.administrator.forget()
            process.stop(timeout=_STOP_TIMEOUT)

    def kill(self, *, wait: bool = True) -> None:
        """End mysqld at once, as a power cut does, and ``wait``; ``restart`` starts it on what it had written."""
        process = self._own("killed")
        self._is_ended = True
        self.administrator.forget()
        process.kill(wait=wait)

    def discard(self) -> None:
        """End mysqld at once, and remove its data from the sandbox's memory."""
        self.end(wait=True)
        self._access.remove()

    def end(self, *, wait: bool) -> None:
        """End mysqld at once if it is this plugin's; having waited, remove what of it would outlive the sandbox."""
        self.administrator.forget()
        if self._process is not None:
            self._process.kill(wait=wait)
            if wait:
                self._process.release()

    def _own(self, participle: str) -> Process:
        """Return the process of a server that this plugin runs; raise SettingError if others run the server.

        Args:
            participle: What is to be done to the server, such as ``restarted``, for the error.
        """
        if self._process is None:
            raise SettingError(
                f"{self.plan.kind.name} cannot be {participle}: it is run by others",
                remedies=["use a server that this plugin starts, for this test: factories.mysqld(mysqld='auto')"],
            )
        return self._process
