"""A running server: started, asked as the administrator, restarted, stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import CacheError, ServerStartError, SettingError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.cache import locking, manifest
from pytest_netns_mysql.mysql.mysqld import template as templates
from pytest_netns_mysql.mysql.mysqld.administrator import Administrator
from pytest_netns_mysql.mysql.mysqld.connectable import Connectable
from pytest_netns_mysql.mysql.mysqld.failure import naming_limits
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, dump_threads
from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
from pytest_netns_mysql.optionnames import base_name

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.process import Process
    from pytest_netns_mysql.mysql.mysqld.seeded import Seeded

_STOP_TIMEOUT = 30.0  # seconds


class Instance(Connectable):
    """A MySQL server in the sandbox. It stops with ``kill()`` or when this process ends.

    MySQLServer, the class that tests see, adds what needs the rooms above: seeds, snapshots, certificates.
    """

    def __init__(self, spec: ResolvedSpec, network: Network) -> None:
        """Check the configuration's endpoints against the network; raise EndpointError before anything is started."""
        super().__init__(spec, network)
        self._administrator: Administrator = Administrator(self._access, spec.kind, timeout=spec.start_timeout)
        self._seeded: Seeded | None = None  # the schemas that the server was loaded with
        # What the running mysqld booted from; None for data that others made or loaded, and after a restart.
        self._untouched_template: Path | None = None
        self._origin: Path | None = None  # in the cache, until a server has come up from it
        self._copied: object = None  # the stamp of the data directory that was copied

    # Replica and Member override these.

    @property
    def _dataset(self) -> object:
        """An object that all servers with the same data have in common: the server itself if it replicates nothing."""
        return self

    @property
    def writable(self) -> Instance:
        """The server on which this server's data is written: itself, its source, or the group's primary."""
        return self

    def catch_up(self) -> None:
        """Wait until this server has all data that ``writable`` has."""

    def _raise_if_unwritable(self) -> None:
        """Raise ServerGoneError if the server on which this server's data is written does not run."""

    def _start(self) -> None:
        """Copy the data directory, start mysqld, and wait until it answers.

        Raises:
            EndpointError: A port is taken.
            ServerStartError: mysqld does not come up, or comes up without X Plugin on each mysqlx_bind_address.
        """
        with naming_limits(self._spec._where):
            self._launch()
            self._wait_until_up()

    def _launch(self) -> None:
        """Copy the data directory and start mysqld; return while mysqld boots, so that servers can boot in parallel."""
        self._prepare()
        self._boot()

    def _prepare(self) -> None:
        """Copy the data directory and check the ports.

        The calling thread must be able to enter the sandbox's namespaces; ``_boot`` may be called by any thread.
        """
        if self._process is None:
            self._access.make_folder()
            return
        self._copy_data(self._process)
        self._prepare_start(self._process)

    def _copy_data(self, process: Process) -> None:
        """Copy a data directory from the cache; once more, if another process removed it or made it again meanwhile."""
        for is_last in (False, True):
            source = self._source()
            self._copied = manifest.stamp(source)
            process.make_folder()
            try:
                with locking.shared(self._entry(source)):
                    process.copy_data(source)
            except CacheError:
                is_same = self._copied is not None and self._copied == manifest.stamp(source)
                if is_last or is_same:
                    raise
                process.remove()
            else:
                return

    def _source(self) -> Path:
        """Return the data directory to copy, and keep its path in ``_origin``."""
        self._origin = self._untouched_template = self._template()
        return self._origin

    def _template(self) -> Path:
        spec = self._spec
        return templates.template(
            spec.kind,
            spec.initial_options(),
            cache=spec.cache,
            progress=spec.progress,
            timeout=spec.start_timeout,
        )

    def _prepare_start(self, process: Process) -> None:
        self._listeners.check_ports()
        process.prepare(self._listeners)

    def _boot(self) -> None:
        """Start mysqld, and return while it boots.

        The calling thread may be in any namespace. mysqld ends when that thread ends.
        """
        self._administrator.forget()
        self._access.clients.clear()
        self._is_ended = False
        if self._process is not None:
            self._process.launch(
                self._spec.complete_options(), self._listeners, drop_capabilities=self._spec.drop_capabilities
            )

    def _wait_until_up(self) -> None:
        """Wait until mysqld answers, and X Plugin if it has an address; raise ServerStartError.

        If mysqld does not come up and the cached data directory is damaged, the data directory is made again, once.
        """
        origin, self._origin = self._origin, None
        try:
            self._access.wait(self._administrator.answers, timeout=self._spec.start_timeout)
        except ServerStartError:
            if origin is None or not self._discard_damaged(origin):
                raise
            self._start_from_new_data(origin)
        if self._process is not None and self._spec.mysqlx_bind_address is not None and self._spec.require_mysqlx:
            self._process.check_x_plugin(self._spec._where)
        if self._process is not None and any(base_name(name) == "max_connections" for name in self._spec.options):
            self._process.check_connections(self._spec._where)

    def _discard_damaged(self, origin: Path) -> bool:
        """Return True if the data directory of a failed start was damaged; remove it, unless others made it again."""
        is_same = manifest.stamp(origin) == self._copied
        fault = manifest.fault_of_content(origin) if is_same else None
        if is_same and fault is None:
            return False
        entry = self._entry(origin)
        try:
            with templates.lock(entry, self._spec.progress):
                if manifest.stamp(origin) == self._copied:
                    self._spec.progress(
                        f"the data directory {origin} in the cache is damaged ({fault}): it is made again"
                    )
                    templates.discard(entry)
        except OSError as error:
            raise CacheError(
                f"the data directory in the cache is damaged ({fault}), and cannot be made again: "
                f"{error.strerror or error}",
                where=str(origin),
                remedies=["set netns_cache (or NETNS_CACHE) to a folder that you can write"],
            ) from error
        return True

    def _entry(self, origin: Path) -> Path:
        """Return the entry of the cache with a data directory: the data directory itself, or the folder of a seed."""
        return origin.parent if self._spec.load else origin

    def _start_from_new_data(self, origin: Path) -> None:
        self._discard()
        self._launch()
        self._origin = None
        try:
            self._access.wait(self._administrator.answers, timeout=self._spec.start_timeout)
        except ServerStartError as error:
            raise error._with_tried(f"data from {origin}, made again for this start: it was damaged before") from error

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator; return its rows.

        Raises ServerGoneError if mysqld does not run, and the server's own errors.
        """
        return self._administrator.execute(statement, *values)[1]

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement as ``execute`` does; return each row as a dictionary by column names."""
        names, rows = self._administrator.execute(statement, *values)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def restart(self, **changes: Any) -> None:
        """Shut mysqld down and start it again on the same data. Open connections are lost.

        If the start fails, the server keeps its former configuration for the next restart.

        Args:
            changes: What changes: ``bind_address``, ``admin_address``, ``mysqlx_bind_address``, ``check_endpoints``,
                ``require_mysqlx`` and ``drop_capabilities`` as for factories.mysqld, or an option of mysqld by name.

        Raises:
            EndpointError: A port is taken.
            ServerStartError: mysqld does not come up, or comes up without X Plugin on each mysqlx_bind_address.
            SettingError: Others run the server.
        """
        self._own("restarted")
        spec_before, listeners_before = self._spec, self._listeners
        spec = self._spec.changed(changes)
        listeners = spec.listeners(self.network)
        self.stop()
        self._spec: ResolvedSpec = spec
        self._listeners = listeners
        try:
            self._start_again()
        except BaseException:
            self._spec, self._listeners = spec_before, listeners_before
            raise

    def _start_again(self) -> None:
        self._untouched_template = None
        with naming_limits(self._spec._where):
            self._prepare_start(self._own("restarted"))
            self._note("started again")
            self._boot()
            self._wait_until_up()

    def stop(self, *, fast_shutdown: int = 2) -> None:
        """Shut mysqld down cleanly; the data stays for ``restart``.

        Args:
            fast_shutdown: The value of innodb_fast_shutdown: 2 leaves most of the work to recovery at the next start.
        """
        process = self._own("stopped")
        self._note("stopped")
        self._is_ended = True
        if process.is_running():
            # With 2 this takes half a second instead of one to three.
            self._administrator.run(f"SET GLOBAL innodb_fast_shutdown = {fast_shutdown}")
            # mysqld would wait ten seconds for a thread that sends the binary log to a replica.
            (clients,) = self._administrator.ask(LIST)
            self._administrator.end_connections(dump_threads(clients))
            self._administrator.forget()
            process.stop(timeout=_STOP_TIMEOUT)

    def kill(self, *, wait: bool = True) -> None:
        """Kill mysqld, like a power failure; ``restart`` starts it on the data that had been written.

        Args:
            wait: Return only when the process is gone, after some 50 ms.
        """
        process = self._own("killed")
        self._note("killed")
        self._is_ended = True
        self._administrator.forget()
        process.kill(wait=wait)

    def _discard(self) -> None:
        """Kill mysqld, and remove its data from the sandbox's memory."""
        self._end(wait=True)
        self._access.remove()

    def _end(self, *, wait: bool) -> None:
        """Kill mysqld, unless others run it.

        Args:
            wait: Return only when the process is gone and nothing of it can outlive the sandbox.
        """
        self._administrator.forget()
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
                f"{self._spec.kind.name} cannot be {participle}: it is run by others",
                remedies=["use a server that this plugin starts, for this test: factories.mysqld(mysqld='auto')"],
            )
        return self._process
