"""The connections of one test: opened as its accounts, closed at its end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import mysql.connector

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError, NetnsError
from pytest_netns_mysql.kernel.namespaces import exec_in_netns
from pytest_netns_mysql.kernel.namespaces.position import identity
from pytest_netns_mysql.mysql.clients import clientarguments, programs
from pytest_netns_mysql.mysql.clients.accounts import Account, Accounts
from pytest_netns_mysql.mysql.clients.confined import disregard
from pytest_netns_mysql.mysql.drivers.connect import Driver, endpoint_kind
from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
from pytest_netns_mysql.mysql.drivers.driveroptions import with_common_names
from pytest_netns_mysql.mysql.load.load import Load
from pytest_netns_mysql.mysql.mysqld import optionfile
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.seed.loader import load_into

_CONNECT, _ARGV = "netns_connect", "netns_argv"


class Clients:
    """Open connections from any namespace; close them all when the block ends."""

    def __init__(
        self,
        server: Instance,
        accounts: Accounts,
        namespace: str,
        *,
        servers: Callable[[], Iterable[Instance]] = tuple,
    ) -> None:
        """Keep what is connected to.

        Args:
            server: The server.
            accounts: The test's accounts on it.
            namespace: The test's own namespace.
            servers: Returns all servers of the run, whose endpoints are not to be taken for this one's.
        """
        self._servers = servers
        self._server = server
        self._accounts = accounts
        self._namespace = namespace
        self._open: list[Any] = []
        self._confined: list[tuple[Any, Account]] = []
        self._files: list[Path] = []

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not all(isinstance(one, NamespaceConnection) for one in self._open):
            # Other drivers would wait for a statement that a thread still runs.
            with contextlib.suppress(mysql.connector.Error, NetnsError):
                self._accounts.end_connections(only_busy=True)
        disregard(self._server, self._confined)
        self._confined.clear()
        for connection in reversed(self._open):
            # A driver may complain of a connection that the test closed, or that a killed server left.
            with contextlib.suppress(Exception):
                connection.close()
        self._open.clear()
        if self._files:
            with self._server.network[GLOBAL]:  # they exist in the sandbox alone, wherever the thread stands
                for file in self._files:
                    file.unlink(missing_ok=True)
        self._files.clear()

    def connect(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Connect from ``namespace`` to ``endpoint`` as ``account``; see the fixture netns_connect.

        Raises UnknownNamespaceError, EndpointError, ClientError, and what the driver raises.
        """
        name = clientarguments.namespace(namespace, self._namespace, fixture=_CONNECT)
        kind = endpoint_kind(driver)
        clientarguments.options_of_driver(options, fixture=_CONNECT)
        options = with_common_names(driver, options)
        place = self.place(name, clientarguments.endpoint(endpoint, fixture=_CONNECT), kind)
        known = None
        if "user" not in options:
            self._check_whose(place, _CONNECT)
            known = self.account_for(name, place, account)
            identity = {"user": known.user, "password": known.password, "database": known.schema}
            options = {key: value for key, value in identity.items() if value is not None} | options
            if known.require and kind == "mysql":
                options.setdefault("ssl_disabled", False)
        connection = self._server.connect(name, endpoint=place, driver=driver, **options)
        self._open.append(connection)
        if known is not None and self._accounts.is_confined(known):
            self._confined.append((connection, known))
        return connection

    def load(
        self,
        loads: Sequence[Load],
        namespace: str | None = None,
        *,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
    ) -> None:
        """Load into the schema of the account that ``connect`` would connect as; raise LoadError."""
        name = self._namespace if namespace is None else namespace
        account = self.account_for(name, self.place(name, endpoint, endpoint_kind(driver)))
        load_into(self._server.writable, loads, account.schema)
        self._server.catch_up()

    def argv(
        self,
        program: str,
        *given: str,
        namespace: str | None = None,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
    ) -> list[str]:
        """Return the command line of a client program; see the fixture netns_argv.

        Raises ServerNotFoundError, UnknownNamespaceError, EndpointError, ClientError.
        """
        name = clientarguments.namespace(namespace, self._namespace, fixture=_ARGV)
        asked, words = clientarguments.words(program, given)
        path = self._server.program(asked)
        speaks_x = Path(path).name == "mysqlxtest"
        place = self.place(name, clientarguments.endpoint(endpoint, fixture=_ARGV), "mysqlx" if speaks_x else "mysql")
        self._check_whose(place, _ARGV)
        known = self.account_for(name, place, account)
        network = self._server.network
        launcher = partial(
            exec_in_netns.command, name=name, file=str(network.file(name)), identity=identity(network[name].descriptor)
        )
        if speaks_x:
            return programs.argv_of_mysqlxtest(path, words, known, place, name, launcher=launcher)
        file = optionfile.write(
            self._server.folder, programs.groups_of(known, place, self._server.dialect.client_programs)
        )
        self._files.append(file)
        return programs.argv(path, words, file, name, enters=self._server.dialect.enters, launcher=launcher)

    def account_for(self, namespace: str, endpoint: Endpoint, account: Account | None = None) -> Account:
        """Return the account, by default the namespace's own, when the server knows it."""
        if account is not None and not isinstance(account, Account):
            raise ClientError(
                f"account={account!r} is no account",
                remedies=["pass what netns_account returned", "for a user of the server's own: user=..., password=..."],
            )
        found = account if account is not None else self._accounts.of_namespace(namespace, endpoint)
        self._accounts.arrive(found, self._server)
        return found

    def place(self, namespace: str, endpoint: Endpoint | str | None, kind: str = "mysql") -> Endpoint:
        """Return the endpoint that is meant: by default the nearest, a namespace's, or ``addr/ns`` as it is written."""
        if endpoint is None:
            return self._server.endpoint_for(namespace, kind)
        if not isinstance(endpoint, str):
            if (kinds := self._server.kinds_of(endpoint)) and ("mysqlx" in kinds) != (kind == "mysqlx"):
                raise ClientError(
                    f"endpoint {endpoint}, port {endpoint.port}, is for "
                    + ("X Protocol" if "mysqlx" in kinds else "the classic protocol"),
                    remedies=[f"pass {self._server.name}.endpoint({endpoint.namespace!r}, {kind!r})"],
                )
            return endpoint
        # A namespace's name holds no slash: addr/ns is the server's own way to write an endpoint.
        written = [one for one in self._server.endpoints if "/" in endpoint and str(one) == endpoint]
        return written[0] if written and kind == "mysql" else self._server.endpoint(endpoint, kind)

    def _check_whose(self, endpoint: Endpoint, fixture: str) -> None:
        """Raise ClientError for the endpoint of a server that does not know the accounts of this one."""
        if self._server.kinds_of(endpoint):
            return
        for other in self._servers():
            is_there = other.network is self._server.network and other.kinds_of(endpoint)
            if is_there and other.dataset is not self._server.dataset:
                raise ClientError(
                    f"endpoint {endpoint}, port {endpoint.port}, is one of {other.name}, which does not know the "
                    f"accounts of {self._server.name}",
                    where=f"{fixture}(endpoint=...)",
                    remedies=[
                        f"pass server={other.name}, too",
                        "for a user of that server's own: user=..., password=...",
                    ],
                )
