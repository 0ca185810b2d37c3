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
from pytest_netns_mysql.errors import ClientError, NetnsError, in_short
from pytest_netns_mysql.kernel.namespaces import exec_in_netns
from pytest_netns_mysql.kernel.namespaces.position import identity
from pytest_netns_mysql.mysql.clients import clientarguments, programs
from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.clients.accounts import Accounts
from pytest_netns_mysql.mysql.clients.confined import disregard
from pytest_netns_mysql.mysql.clients.serverendpoints import refuse_endpoint_of_other_server, resolve_endpoint
from pytest_netns_mysql.mysql.clients.target import Target
from pytest_netns_mysql.mysql.drivers.connect import endpoint_kind
from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
from pytest_netns_mysql.mysql.drivers.registry import find
from pytest_netns_mysql.mysql.mysqld import optionfile
from pytest_netns_mysql.mysql.mysqld.instance import Instance

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.asyncclients import AsyncConnecting
    from pytest_netns_mysql.mysql.drivers.driver import AnyDriver, Driver
    from pytest_netns_mysql.mysql.load.loads import Load

_CONNECT, _CONNECT_ASYNC, _ARGV = "netns_connect", "netns_connect_async", "netns_argv"


class Clients:
    """The clients of one server in one test: connections and option files, which end with the ``with`` block.

    Attributes:
        server: The server that clients connect to.
    """

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
        self.server = server
        self._accounts = accounts
        self._namespace = namespace
        self._connections: list[Any] = []
        self._opened: list[Any] = []
        self._confined: list[tuple[Any, Account]] = []
        self._files: list[Path] = []

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not all(isinstance(each, NamespaceConnection) for each in self._connections + self._opened):
            # The close() of other drivers waits for a statement that a thread is still running.
            with contextlib.suppress(mysql.connector.Error, NetnsError):
                self._accounts.end_connections(only_busy=True)
        if self._are_counted_by_kind:
            disregard(self.server, self._confined)
        self._confined.clear()
        for opened in reversed(self._connections + self._opened):
            # A driver may raise if the test has closed the connection, or if the server was killed.
            with contextlib.suppress(Exception):
                opened.close()
        self._opened.clear()
        self._connections.clear()
        if self._files:
            with self.server.network[GLOBAL]:  # the files exist in the sandbox only, and this thread may be outside
                for file in self._files:
                    file.unlink(missing_ok=True)
        self._files.clear()

    @property
    def _are_counted_by_kind(self) -> bool:
        """True if the look after the test will need the counts of each kind of statement: see ``quicklook``."""
        server = self.server
        is_quick = server._dialect.questions and self._accounts.are_confined and not server._administrator.is_used
        return not is_quick or server._seeded is not None

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
        target = self.target(find(driver), namespace, account, endpoint, options, fixture=_CONNECT)
        return self.open(target, driver)

    def open(self, target: Target, driver: Driver | None) -> Any:
        """Open a connection that ends with the ``with`` block; any thread may call this."""
        connection = self.server.connect(target.namespace, endpoint=target.endpoint, driver=driver, **target.options)
        self._connections.append(connection)
        if target.account is not None and self._accounts.is_confined(target.account):
            self._confined.append((connection, target.account))
        return connection

    def connect_async(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> AsyncConnecting:
        """Return what opens a connection by ``await``; the arguments are those of the fixture netns_connect_async.

        Raises, like ``connect``, at once.
        """
        from pytest_netns_mysql.mysql.clients.asyncclients import AsyncConnecting
        from pytest_netns_mysql.mysql.drivers.asyncregistry import find_async

        target = self.target(find_async(driver), namespace, account, endpoint, options, fixture=_CONNECT_ASYNC)
        return AsyncConnecting(self.server, target, driver, self.end_later)

    def target(
        self,
        driver: AnyDriver,
        namespace: str | None,
        account: Account | None,
        endpoint: Endpoint | str | None,
        options: dict[str, Any],
        *,
        fixture: str,
    ) -> Target:
        """Return where a connection comes from and goes to, and as whom, once the server knows the account.

        Args:
            driver: The driver.
            namespace: The namespace, by default the test's own.
            account: The account, by default the namespace's own.
            endpoint: The endpoint, by default the nearest.
            options: Options of the driver.
            fixture: The fixture that the arguments were given to, for errors.

        Raises:
            UnknownNamespaceError: There is no such namespace.
            EndpointError: The server does not listen there.
            ClientError: An argument is wrong.
        """
        name = clientarguments.checked_namespace(namespace, self._namespace, fixture=fixture)
        kind = driver.endpoint_kind
        clientarguments.check_driver_options(options, fixture=fixture)
        options = driver.with_common_names(options)
        place = resolve_endpoint(self.server, name, clientarguments.checked_endpoint(endpoint, fixture=fixture), kind)
        if "user" in options:
            return Target(name, place, None, options)
        refuse_endpoint_of_other_server(self.server, place, self._servers(), fixture)
        user = self.account_for(name, place, account)
        login = {"user": user.user, "password": user.password, "database": user.schema}
        options = {key: value for key, value in login.items() if value is not None} | options
        if user.require and kind == "mysql":
            options.setdefault("ssl_disabled", False)
        return Target(name, place, user, options)

    def end_later(self, opened: Any) -> None:
        """Call ``close()`` of something at the end of the ``with`` block, before connections are closed."""
        self._opened.append(opened)

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
        account = self.account_for(name, resolve_endpoint(self.server, name, endpoint, endpoint_kind(driver)))
        from pytest_netns_mysql.mysql.seed.loader import load_into

        load_into(self.server.writable, loads, account.schema)
        self.server.catch_up()

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
        path = self.server.program(program_name)
        speaks_x = Path(path).name == "mysqlxtest"
        place = resolve_endpoint(
            self.server,
            name,
            clientarguments.checked_endpoint(endpoint, fixture=_ARGV),
            "mysqlx" if speaks_x else "mysql",
        )
        refuse_endpoint_of_other_server(self.server, place, self._servers(), _ARGV)
        user = self.account_for(name, place, account)
        network = self.server.network
        launcher = partial(
            exec_in_netns.command,
            name=name,
            file=str(network._file(name)),
            identity=identity(network[name]._descriptor),
        )
        if speaks_x:
            return programs.argv_of_mysqlxtest(path, words, user, place, name, launcher=launcher)
        file = optionfile.write(
            self.server.folder, programs.groups_of(user, place, self.server._dialect.client_programs)
        )
        self._files.append(file)
        return programs.argv(path, words, file, name, enters=self.server._dialect.enters, launcher=launcher)

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
                f"account must be what netns_account() returned, got {in_short(account)}",
                remedies=[
                    "pass what netns_account() returned",
                    "for a user that the server has already: user=..., password=...",
                ],
            )
        user = account if account is not None else self._accounts.of_namespace(namespace, endpoint)
        self._accounts.wait_until_known(user, self.server)
        return user
