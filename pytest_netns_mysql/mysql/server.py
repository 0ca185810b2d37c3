"""A running MySQL server: where it listens, and how to talk to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ServerNotFoundError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.origin import origin
from pytest_netns_mysql.kernel.sandbox import WORK_DIRECTORY
from pytest_netns_mysql.mysql import datadir
from pytest_netns_mysql.mysql.distribution import Distribution
from pytest_netns_mysql.mysql.listeners import Listeners, Written
from pytest_netns_mysql.mysql.options import OptionValue, checked, initial, merge
from pytest_netns_mysql.mysql.process import Process

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.client import Driver, NamespaceConnection

_STOP_TIMEOUT = 30.0  # seconds
_PROGRAMS = ("mysql", "mysqldump", "mysqladmin")  # what a fetched server brings


@dataclass(frozen=True)
class ServerPlan:
    """Say how a server is to be: where it listens, its options, whence its data, how patient we are.

    Shape: ``bind_address`` None means the topology's; ``options`` as mysqld names them; ``start_timeout`` is in
    seconds. See the manual, bind_address, admin_address and mysqlx_bind_address.
    """

    distribution: Distribution
    cache: Path
    progress: Callable[[str], None]
    bind_address: str | Sequence[str] | None = None
    admin_address: str | None = None
    mysqlx_bind_address: str | Sequence[str] | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    start_timeout: float = 30.0
    name: str = "mysqld"


class MySQLServer:
    """Be a server in the sandbox, started by ``start`` and ended by ``kill`` or with this process.

    Shape: ``version`` is a tuple such as (9, 7, 4), ``error_log`` the whole log as text.
    """

    def __init__(self, plan: ServerPlan, network: Network) -> None:
        """Check the plan's endpoints against the network; raise EndpointError before anything is started."""
        self.plan = plan
        self.network = network
        self._home = network[GLOBAL]
        self._process = Process(plan.distribution, WORK_DIRECTORY / plan.name, self._home)
        self._administrator: NamespaceConnection | None = None
        written = {
            "bind_address": network.topology.bind_address if plan.bind_address is None else plan.bind_address,
            "admin_address": plan.admin_address,
            "mysqlx_bind_address": plan.mysqlx_bind_address,
        }
        self._options = self._complete(merge(checked(plan.options, where=self._where)), written)
        self._listeners = Listeners(written, self._options, network, self._where)

    @property
    def _where(self) -> str:
        return f"server {self.plan.name}"

    @staticmethod
    def _complete(options: Mapping[str, OptionValue], written: Written) -> Mapping[str, OptionValue]:
        """Return the options with X Plugin switched on, where it has somewhere to listen."""
        return options if written["mysqlx_bind_address"] is None else merge(options, {"mysqlx": True})

    @property
    def version(self) -> tuple[int, int, int]:
        """Return the server's version."""
        return self.plan.distribution.version

    @property
    def error_log(self) -> str:
        """Return the error log, as written so far."""
        return self._process.error_log.text

    def program(self, name: str) -> str:
        """Return the path of a program that came with the server, such as ``mysql``; raise ServerNotFoundError."""
        found = self.plan.distribution.program(name)
        if found is None:
            raise ServerNotFoundError(
                f"there is no program {name} beside {self.plan.distribution.mysqld}, nor on PATH",
                remedies=["install the MySQL client programs", f"or mend the name: {', '.join(_PROGRAMS)}"],
            )
        return str(found)

    def log_since(self, moment: datetime) -> list[str]:
        """Return the lines of the error log that were written since ``moment``, an aware time."""
        return self._process.error_log.since(moment)

    @property
    def command(self) -> list[str]:
        """Return mysqld's command line."""
        return list(self._process.command)

    @property
    def pid(self) -> int | None:
        """Return mysqld's pid, or None while it does not run."""
        return self._process.pid

    @property
    def socket(self) -> Path:
        """Return the path of the private socket; it exists in the sandbox alone."""
        return self._process.socket

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return every place where the server listens for ordinary connections."""
        return self._listeners["bind_address"]

    def endpoint(self, namespace: str, kind: str = "mysql") -> Endpoint:
        """Return where the server listens in ``namespace``: ``mysql``, ``admin`` for administrators, ``mysqlx``.

        Raises EndpointError where it does not listen there, UnknownNamespaceError for another name.
        """
        return self._listeners.endpoint(namespace, kind)

    def endpoint_for(self, namespace: str) -> Endpoint:
        """Return where a client of ``namespace`` connects: there, else at the first address that is routed."""
        return self._listeners.endpoint_for(namespace)

    def origin(self, namespace: str, endpoint: Endpoint) -> str:
        """Return the address that the server sees when a client of ``namespace`` connects to ``endpoint``.

        Behind address translation it is another than the client's own. Raises ClientError where there is no way.
        """
        return origin(self.network, namespace, endpoint)

    def start(self) -> None:
        """Copy the data directory, start mysqld, return when it answers.

        Raises EndpointError where a port is taken, ServerStartError where mysqld does not come up.
        """
        source = datadir.template(
            self.plan.distribution, initial(self._options), cache=self.plan.cache, progress=self.plan.progress
        )
        with self._home:
            self._process.folder.mkdir()
            datadir.copy(source, self._process.datadir)
        self._boot()

    def _boot(self) -> None:
        self._listeners.check_ports()
        self._process.start(self._options, self._listeners, answers=self._answers, timeout=self.plan.start_timeout)

    def _answers(self) -> bool:
        from pytest_netns_mysql.mysql.client import try_connect

        if self.socket.exists():
            self._administrator = try_connect(self._home, **self._administrator_options())
        return self._administrator is not None

    def _administrator_options(self) -> dict[str, Any]:
        return {
            "unix_socket": str(self.socket),
            "user": "root",
            "password": "",
            "autocommit": True,
            "connection_timeout": max(1, int(self.plan.start_timeout)),
        }

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator; return its rows.

        Raises ServerGoneError where mysqld does not run, and the server's own errors.
        """
        from pytest_netns_mysql.mysql.client import connect

        self._process.check_running()
        if self._administrator is None or not self._administrator.is_connected():
            with self._process.told_if_it_ends():
                self._administrator = connect(self._home, **self._administrator_options())
        with self._administrator.cursor() as cursor:
            cursor.execute(statement, values)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def connect(
        self,
        namespace: str | None = None,
        *,
        endpoint: Endpoint | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Open a connection: as the administrator by the private socket, or from a namespace as ``user``.

        ``options`` are the driver's own: user, password, database and so on. Without a password TLS is left
        out unless asked for (``ssl_disabled=False``): there is nothing to hide and it costs 40 ms. The caller
        closes the connection. Raises ServerGoneError where mysqld does not run, and what the driver raises.
        """
        from pytest_netns_mysql.mysql.client import connect

        self._process.check_running()
        if namespace is None and endpoint is None:
            with self._process.told_if_it_ends():
                return connect(self._home, driver, **{**self._administrator_options(), **options})
        name = namespace if namespace is not None else GLOBAL
        place = self.endpoint_for(name) if endpoint is None else endpoint
        settings = {"host": place.address, "port": place.port, **options}
        if driver is None or isinstance(driver, str):
            settings.setdefault("ssl_disabled", not settings.get("password"))
        with self._process.told_if_it_ends():
            return connect(self.network[name], driver, **settings)

    def restart(
        self,
        *,
        bind_address: str | Sequence[str] | None = None,
        admin_address: str | None = None,
        mysqlx_bind_address: str | Sequence[str] | None = None,
        **options: OptionValue,
    ) -> None:
        """Shut mysqld down and start it on the same data, with these addresses and options changed.

        Open connections are lost. Raises what ``start`` raises.
        """
        kept = self._listeners.as_written()
        given: Written = {
            "bind_address": bind_address,
            "admin_address": admin_address,
            "mysqlx_bind_address": mysqlx_bind_address,
        }
        written = {key: kept.get(key) if value is None else value for key, value in given.items()}
        changed = self._complete(
            merge(self._options, checked(options, where=f"restart of server {self.plan.name}")), written
        )
        listeners = Listeners(written, changed, self.network, self._where)
        self.stop()
        self._options, self._listeners = changed, listeners
        self._boot()

    def stop(self) -> None:
        """Shut mysqld down in good order; its data stays for ``restart``."""
        if self._process.is_running():
            # 2 flushes the log and leaves the rest to recovery: half a second instead of one to three.
            self.execute("SET GLOBAL innodb_fast_shutdown = 2")
            self._administrator = None
            self._process.stop(timeout=_STOP_TIMEOUT)

    def kill(self) -> None:
        """End mysqld at once; its data goes with the sandbox."""
        self._administrator = None  # not closed in good order: that would wait for the server
        self._process.kill()

    def discard(self) -> None:
        """End mysqld at once, and remove its data from the sandbox's memory."""
        self.kill()
        self._process.remove()
