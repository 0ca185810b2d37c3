"""What can be told of a server without asking it: what it is, where it listens, where its files are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.origin import origin
from pytest_netns_mysql.mysql.mysqld.kind import require_program
from pytest_netns_mysql.mysql.mysqld.process import Process
from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import Dialect

_CRASHING = 10.0  # seconds
_POLL = 0.01  # seconds


class ServerFacts:
    """Tell of a server; MySQLServer is made of it.

    Shape: ``version`` is a tuple such as (9, 7, 4), ``error_log`` the whole log as text.
    """

    def __init__(self, plan: ResolvedSpec, network: Network) -> None:
        """Check the plan's endpoints against the network; raise EndpointError."""
        self.spec = self.plan = plan
        self.network = network
        self._access = plan.kind.access(plan.name, network)
        self._process = self._access if isinstance(self._access, Process) else None
        self._listeners = plan.listeners(network)
        self._log_seen = 0  # bytes of the error log
        self._is_ended = False  # by ``stop`` or ``kill``

    @property
    def name(self) -> str:
        """Return the name of the server's fixture."""
        return self.plan.name

    @property
    def version(self) -> tuple[int, int, int]:
        """Return the server's version."""
        return self.plan.kind.version

    @property
    def dialect(self) -> Dialect:
        """Return how the server is spoken to."""
        return self.plan.kind.dialect

    @property
    def error_log(self) -> str:
        """Return the error log, as written so far."""
        return self._access.error_log.text

    def describe(self) -> str:
        """Return where the server listens and whether it runs, for reports."""
        state = self._access.state
        return f"{', '.join(map(str, self.endpoints)) or 'no endpoint'}, {state}"

    def program(self, name: str) -> str:
        """Return the path of a program that came with the server, such as ``mysql``; raise ServerNotFoundError."""
        return str(require_program(self.plan.kind, name))

    @property
    def command(self) -> list[str]:
        """Return mysqld's command line."""
        return list(self._access.command)

    @property
    def can_be_fresh(self) -> bool:
        """Tell whether it can be started anew, on data that nobody has used."""
        return self.plan.kind.listens is None

    @property
    def is_running(self) -> bool:
        """Tell whether mysqld runs."""
        return self._access.is_running()

    @property
    def crash(self) -> str:
        """The crash that the error log tells of since the last start, as one line, or ''."""
        return self._access.crash

    @property
    def has_died(self) -> bool:
        """Return True if mysqld was ended by a signal or an error, and not by ``stop``, ``kill`` or SHUTDOWN."""
        if self.is_running or self._is_ended:
            return False
        return self._access.exit_code not in (None, 0) or bool(self.crash)

    def await_end_of_crash(self) -> None:
        """Return when mysqld has ended, where it has just crashed: while it writes its trace, other threads answer.

        That costs a look at the size of the error log, where nothing was added to it. Nobody waits for more than ten
        seconds.
        """
        if self._process is None:
            return
        with self.network[GLOBAL]:
            size = self._process.log.stat().st_size if self._process.log.exists() else 0
        if size == self._log_seen:
            return
        self._log_seen = size
        deadline = time.monotonic() + _CRASHING
        while self.crash and self.is_running and time.monotonic() < deadline:
            time.sleep(_POLL)

    @property
    def pid(self) -> int | None:
        """Return mysqld's pid, or None while it does not run, or where it is not this machine's to know."""
        return self._access.pid

    @property
    def socket(self) -> Path:
        """Return the path of the private socket; it exists in the sandbox alone."""
        return self._access.socket

    @property
    def folder(self) -> Path:
        """Return the path of the server's private folder, on a tmpfs; it exists in the sandbox alone."""
        return self._access.folder

    @property
    def datadir(self) -> Path:
        """Return the path of the data directory; it exists in the sandbox alone."""
        return self._access.folder / "data"

    def lend(self, *paths: Path) -> None:
        """Let mysqld read files that this process made for it, whoever mysqld runs as."""
        if self._process is not None:
            self._process.lend(paths)

    def files(self) -> Iterator[tuple[str, int]]:
        """Give the files of the data directory outside of schemas, with the times of their last changes (ns)."""
        return iter(()) if self._process is None else self._process.files()

    @property
    def outward(self) -> str:
        """Return the namespace that NETWORK_NAMESPACE names for a connection from the sandbox's own; '' for none."""
        return self._access.outward

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return every place where the server listens for ordinary connections."""
        return self._listeners.get("bind_address", ())

    def endpoint(self, namespace: str, kind: str = "mysql") -> Endpoint:
        """Return where the server listens in ``namespace``: ``mysql``, ``admin`` for administrators, ``mysqlx``.

        Raises EndpointError where it does not listen there, UnknownNamespaceError for another name.
        """
        return self._listeners.endpoint(namespace, kind)

    def endpoint_for(self, namespace: str, kind: str = "mysql") -> Endpoint:
        """Return where a client of ``namespace`` connects: there, else at the first address that is routed."""
        return self._listeners.endpoint_for(namespace, kind)

    def kinds_of(self, endpoint: Endpoint) -> list[str]:
        """Return the kinds of an endpoint of this server; none for one that is another's."""
        return self._listeners.kinds_of(endpoint)

    def origin(self, namespace: str, endpoint: Endpoint) -> str:
        """Return the address that the server sees when a client of ``namespace`` connects to ``endpoint``.

        Behind address translation it is another than the client's own. Raises ClientError where there is no way.
        """
        return origin(self.network, namespace, endpoint)
