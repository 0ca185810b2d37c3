"""The connections and command lines of one test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import mysql.connector

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError, EndpointError, NetnsError
from pytest_netns_mysql.kernel.namespaces import exec_in_netns
from pytest_netns_mysql.kernel.namespaces.position import identity
from pytest_netns_mysql.mysql.clients import clientarguments, programs
from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.clients.accounts import Accounts
from pytest_netns_mysql.mysql.clients.confined import disregard
from pytest_netns_mysql.mysql.drivers.connect import endpoint_kind
from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
from pytest_netns_mysql.mysql.drivers.driver import Driver
from pytest_netns_mysql.mysql.drivers.registry import find
from pytest_netns_mysql.mysql.mysqld import optionfile
from pytest_netns_mysql.mysql.mysqld.instance import Instance

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.load.loads import Load

_CONNECT, _ARGV = "netns_connect", "netns_argv"


class Clients:
    """The clients of one server in one test: connections and option files, which end with the ``with`` block."""

    def __init__(
        self,
        server: Instance,
        accounts: Accounts,
        namespace: str,
        *,
        servers: Callable[[], Iterable[Instance]] = tuple,
    ) -> None:
        """Remember the server; nothing is opened yet.

        Args:
            server: The server that clients connect to.
            accounts: The test's accounts on the server.
            namespace: The test's own namespace.
            servers: Returns all servers of the run, to recognize an endpoint of another server.
        """
        self._servers = servers
        self._server = server
        self._accounts = accounts
        self._namespace = namespace
        self._connections: list[Any] = []
        self._confined: list[tuple[Any, Account]] = []
        self._files: list[Path] = []

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not all(isinstance(connection, NamespaceConnection) for connection in self._connections):
            # The close() of other drivers waits for a statement that a thread is still running.
            with contextlib.suppress(mysql.connector.Error, NetnsError):
                self._accounts.end_connections(only_busy=True)
        if self._are_counted_by_kind:
            disregard(self._server, self._confined)
        self._confined.clear()
        for connection in reversed(self._connections):
            # A driver may raise if the test has closed the connection, or if the server was killed.
            with contextlib.suppress(Exception):
                connection.close()
        self._connections.clear()
        if self._files:
            with self._server.network[GLOBAL]:  # the files exist in the sandbox only, and this thread may be outside
                for file in self._files:
                    file.unlink(missing_ok=True)
        self._files.clear()

    @property
    def _are_counted_by_kind(self) -> bool:
        """True if the look after the test will need the counts of each kind of statement: see ``quicklook``."""
        server = self._server
        is_quick = server.dialect.questions and self._accounts.are_confined and not server.administrator.is_used
        return not is_quick or server.seeded is not None

    def connect(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Open a connection; the arguments are those of the fixture netns_connect.

        Raises:
            UnknownNamespaceError: There is no such namespace.
            EndpointError: The server does not listen there.
            ClientError: An argument is wrong.
        """
        name = clientarguments.checked_namespace(namespace, self._namespace, fixture=_CONNECT)
        kind = endpoint_kind(driver)
        clientarguments.check_driver_options(options, fixture=_CONNECT)
        options = with_common_names(driver, options)
        place = self.resolve_endpoint(name, clientarguments.checked_endpoint(endpoint, fixture=_CONNECT), kind)
        user: Account | None = None
        if "user" not in options:
            self._refuse_endpoint_of_other_server(place, _CONNECT)
            user = self.account_for(name, place, account)
            login = {"user": user.user, "password": user.password, "database": user.schema}
            options = {key: value for key, value in login.items() if value is not None} | options
            if user.require and kind == "mysql":
                options.setdefault("ssl_disabled", False)
        connection = self._server.connect(name, endpoint=place, driver=driver, **options)
        self._connections.append(connection)
        if user is not None and self._accounts.is_confined(user):
            self._confined.append((connection, user))
        return connection

    def load(
        self,
        loads: Sequence[Load],
        namespace: str | None = None,
        *,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
    ) -> None:
        """Load data into the schema of a namespace's own account.

        Args:
            loads: What to load.
            namespace: The namespace, by default the test's own.
            endpoint: The endpoint that the account is for, as for ``connect``.
            driver: The driver that the account is for, as for ``connect``.

        Raises:
            LoadError: Something cannot be loaded.
        """
        name = self._namespace if namespace is None else namespace
        account = self.account_for(name, self.resolve_endpoint(name, endpoint, endpoint_kind(driver)))
        from pytest_netns_mysql.mysql.seed.loader import load_into

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
        """Return the command line of a client program; the arguments are those of the fixture netns_argv.

        Raises:
            ServerNotFoundError: There is no such program.
            UnknownNamespaceError: There is no such namespace.
            EndpointError: The server does not listen there.
            ClientError: An argument is wrong.
        """
        name = clientarguments.checked_namespace(namespace, self._namespace, fixture=_ARGV)
        program_name, words = clientarguments.checked_words(program, given)
        path = self._server.program(program_name)
        speaks_x = Path(path).name == "mysqlxtest"
        place = self.resolve_endpoint(
            name, clientarguments.checked_endpoint(endpoint, fixture=_ARGV), "mysqlx" if speaks_x else "mysql"
        )
        self._refuse_endpoint_of_other_server(place, _ARGV)
        user = self.account_for(name, place, account)
        network = self._server.network
        launcher = partial(
            exec_in_netns.command, name=name, file=str(network.file(name)), identity=identity(network[name].descriptor)
        )
        if speaks_x:
            return programs.argv_of_mysqlxtest(path, words, user, place, name, launcher=launcher)
        file = optionfile.write(
            self._server.folder, programs.groups_of(user, place, self._server.dialect.client_programs)
        )
        self._files.append(file)
        return programs.argv(path, words, file, name, enters=self._server.dialect.enters, launcher=launcher)

    def account_for(self, namespace: str, endpoint: Endpoint, account: Account | None = None) -> Account:
        """Return an account once the server knows it.

        Args:
            namespace: The namespace that the client connects from.
            endpoint: The endpoint that the client connects to.
            account: The account, by default the namespace's own.

        Raises:
            ClientError: ``account`` is not an account.
        """
        if account is not None and not isinstance(account, Account):
            raise ClientError(
                f"account must be what netns_account() returned, got {account!r}",
                remedies=[
                    "pass what netns_account() returned",
                    "for a user that the server has already: user=..., password=...",
                ],
            )
        user = account if account is not None else self._accounts.of_namespace(namespace, endpoint)
        self._accounts.wait_until_known(user, self._server)
        return user

    def resolve_endpoint(self, namespace: str, endpoint: Endpoint | str | None, kind: str = "mysql") -> Endpoint:
        """Return the endpoint that a client connects to.

        Args:
            namespace: The namespace that the client connects from.
            endpoint: An endpoint, a namespace whose endpoint is wanted, or ``addr/ns``; None means the nearest.
            kind: ``mysql`` or ``mysqlx``.

        Raises:
            EndpointError: The server does not listen there.
            ClientError: The endpoint is of the other kind.
        """
        if endpoint is None:
            return self._server.endpoint_for(namespace, kind)
        if not isinstance(endpoint, str):
            if (kinds := self._server.kinds_of(endpoint)) and ("mysqlx" in kinds) != (kind == "mysqlx"):
                raise ClientError(
                    f"endpoint {endpoint}, port {endpoint.port}, speaks "
                    + ("X Protocol" if "mysqlx" in kinds else "the classic protocol"),
                    remedies=[f"pass {self._server.name}.endpoint({endpoint.namespace!r}, {kind!r})"],
                )
            return endpoint
        if "/" not in endpoint or kind != "mysql":
            return self._server.endpoint(endpoint, kind)
        # The name of a namespace has no slash: this is addr/ns, as in bind_address.
        for each in self._server.endpoints:
            if str(each) == endpoint:
                return each
        raise EndpointError(
            f"{self._server.name} does not listen on {endpoint}",
            tried=[f"it listens on {', '.join(map(str, self._server.endpoints)) or 'nothing'}"],
            remedies=[
                f"leave endpoint out: a client in {namespace} then connects to "
                f"{self._server.endpoint_for(namespace, kind)}",
                "or pass a namespace with one of these endpoints",
            ],
        )

    def _refuse_endpoint_of_other_server(self, endpoint: Endpoint, fixture: str) -> None:
        """Raise ClientError for an endpoint of a server that does not have the accounts of this server."""
        if self._server.kinds_of(endpoint):
            return
        for other in self._servers():
            is_owner = other.network is self._server.network and other.kinds_of(endpoint)
            if is_owner and other.dataset is not self._server.dataset:
                raise ClientError(
                    f"endpoint {endpoint}, port {endpoint.port}, belongs to {other.name}, which does not have the "
                    f"accounts of {self._server.name}",
                    where=f"{fixture}(endpoint=...)",
                    remedies=[
                        f"pass server={other.name}, too",
                        f"for a user that {other.name} has already: user=..., password=...",
                    ],
                )
