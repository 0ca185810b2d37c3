"""What is known of a server without asking it: its version, its endpoints, its files, whether it runs."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ServerGoneError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.origin import origin
from pytest_netns_mysql.mysql.mysqld.attempts import Attempts
from pytest_netns_mysql.mysql.mysqld.kind import require_program
from pytest_netns_mysql.mysql.mysqld.process import Process
from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
from pytest_netns_mysql.mysql.waiting import becomes_true

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import Dialect

_KEPT = 50
_CRASHING = 10.0  # seconds, for mysqld to write its stack trace


class ServerFacts:
    """The part of a server that needs no connection.

    Attributes:
        network: The network in whose namespaces the server listens.
    """

    def __init__(self, spec: ResolvedSpec, network: Network) -> None:
        """Check the configuration's endpoints against the network; raise EndpointError."""
        self._spec: ResolvedSpec = spec
        self.network = network
        self._attempts: Attempts = Attempts()  # to connect from namespaces
        self._lasting_users: set[str] = set()  # whose connections an ORM keeps open for later tests
        # The last times at which the server was stopped, killed or started again, in seconds since the epoch.
        self._lifecycle: deque[tuple[float, str]] = deque(maxlen=_KEPT)
        self._access = spec.kind.access(spec.name, network)
        self._process = self._access if isinstance(self._access, Process) else None
        self._listeners = spec.listeners(network)
        self._log_seen = 0  # bytes of the error log
        self._is_ended = False  # by ``stop`` or ``kill``

    def _note(self, what: str) -> None:
        """Keep in ``_lifecycle`` what is done to the server now."""
        self._lifecycle.append((clock.now(), what))

    def __repr__(self) -> str:
        """Return the server's name, where it listens, and whether it runs, as pytest shows it in tracebacks."""
        return f"<{type(self).__name__} {self.name}: {self._describe()}>"

    @property
    def name(self) -> str:
        """The name of the server's fixture."""
        return self._spec.name

    @property
    def version(self) -> tuple[int, int, int]:
        """The server's version, such as (9, 7, 4)."""
        return self._spec.kind.version

    @property
    def _dialect(self) -> Dialect:
        """What differs between MySQL and MariaDB in statements and options."""
        return self._spec.kind.dialect

    @property
    def error_log(self) -> str:
        """The whole error log as text, as written so far."""
        return self._access.error_log.text

    def _describe(self) -> str:
        """Return where the server listens and whether it runs, for reports."""
        state = self._access.state
        return f"{', '.join(map(str, self.endpoints)) or 'no endpoint'}, {state}"

    def program(self, name: str) -> str:
        """Return the path of a program that came with the server, such as ``mysql``; raise ServerNotFoundError."""
        return str(require_program(self._spec.kind, name))

    @property
    def command(self) -> list[str]:
        """Mysqld's command line; empty for a server that others run."""
        return list(self._access.command)

    @property
    def _can_be_fresh(self) -> bool:
        """True if the server can be started again on a data directory that nobody has used."""
        return self._process is not None

    @property
    def is_running(self) -> bool:
        """True if mysqld runs."""
        return self._access.is_running()

    @property
    def crash(self) -> str:
        """The crash in the error log since the last start, as one line, or ''."""
        return self._access.crash

    @property
    def _has_died(self) -> bool:
        """True if a signal or an error ended mysqld, and not ``stop``, ``kill`` or SHUTDOWN."""
        if self.is_running or self._is_ended:
            return False
        return self._access.exit_code not in (None, 0) or bool(self.crash)

    def _await_end_of_crash(self) -> None:
        """Wait until mysqld has ended, if it is crashing: its other threads go on answering while it writes the trace.

        Without a new line in the error log this costs one stat(2). The wait ends after ten seconds.
        """
        if self._process is None:
            return
        with self.network[GLOBAL]:
            try:
                size = self._process.log.stat().st_size
            except FileNotFoundError:
                size = 0
        if size == self._log_seen:
            return
        self._log_seen = size
        becomes_true(lambda: not (self.crash and self.is_running), timeout=_CRASHING)

    @property
    def pid(self) -> int | None:
        """Mysqld's pid; None while it does not run, and for a server that others run."""
        return self._access.pid

    def _running_pid(self) -> int:
        """Return the pid of the running mysqld; raise ServerGoneError if it does not run."""
        pid = self._access.pid
        if pid is None:
            self._access.check_running()
            raise ServerGoneError("mysqld is not running: it has just ended", where=self._spec._where)
        return pid

    @property
    def socket(self) -> Path:
        """The path of the administrator's private socket, which exists in the sandbox only."""
        return self._access.socket

    @property
    def _administration(self) -> dict[str, str]:
        """The options of the group ``client`` in an option file with which client programs are the administrator."""
        names = {"unix_socket": "socket"}
        known = ("user", "password", "host", "port", "unix_socket")
        return {
            names.get(name, name): str(value) for name, value in self._access.administration.items() if name in known
        }

    @property
    def folder(self) -> Path:
        """The path of the server's private folder, which exists in the sandbox only, on a tmpfs."""
        return self._access.folder

    @property
    def datadir(self) -> Path:
        """The path of the data directory, which exists in the sandbox only."""
        return self._access.folder / "data"

    def _lend(self, *paths: Path) -> None:
        """Let mysqld read files that this process made for it, whichever user mysqld runs as."""
        if self._process is not None:
            self._process.lend(paths)

    def _files(self) -> Iterator[tuple[str, int]]:
        """Return the files of the data directory outside of schemas, with the times of their last changes in ns.

        Files that the server writes by itself are left out.
        """
        is_ignored = re.compile(self._dialect.ignored_files).search
        return iter(()) if self._process is None else self._process.files(is_ignored)

    @property
    def default_network_namespace(self) -> str:
        """The namespace that NETWORK_NAMESPACE must name for connections from the server's own namespace, or ''."""
        return self._access.default_network_namespace

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint where the server listens for ordinary connections."""
        return self._listeners.get("bind_address", ())

    def _endpoints_of(self, parameter: str) -> tuple[Endpoint, ...]:
        """Return the endpoints that a parameter such as ``admin_address`` sets."""
        return self._listeners.get(parameter, ())

    def endpoint(self, namespace: str, kind: str = "mysql") -> Endpoint:
        """Return the server's endpoint in a namespace.

        Args:
            namespace: The namespace's name.
            kind: ``mysql``, ``admin`` for administrators, or ``mysqlx``.

        Raises:
            EndpointError: The server has no such endpoint there.
            UnknownNamespaceError: The network has no namespace of this name.
        """
        return self._listeners.endpoint(namespace, kind)

    def endpoint_for(self, namespace: str, kind: str = "mysql") -> Endpoint:
        """Return the endpoint that a client in ``namespace`` connects to: there, else the first that it can reach."""
        return self._listeners.endpoint_for(namespace, kind)

    def _kinds_of(self, endpoint: Endpoint) -> list[str]:
        """Return the kinds that an endpoint of this server has; empty for an endpoint of another server."""
        return self._listeners.kinds_of(endpoint)

    def origin(self, namespace: str, endpoint: Endpoint) -> str:
        """Return the address that the server sees when a client in ``namespace`` connects to ``endpoint``.

        With address translation this is not the client's own address. Raises ClientError if there is no route.
        """
        return origin(self.network, namespace, endpoint)
