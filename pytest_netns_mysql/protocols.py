"""The types of the fixtures that are factories, for annotations.

No run imports this module: that would cost a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.clients.account import Account
    from pytest_netns_mysql.mysql.clients.asyncclients import AsyncConnecting
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.drivers.driver import Driver
    from pytest_netns_mysql.mysql.server import MySQLServer


class AccountFactory(Protocol):
    """The type of ``netns_account``: creates accounts that are dropped when the test ends."""

    def __call__(
        self,
        user: str,
        *,
        host: str | None = None,
        password: str = "",
        grants: str | Sequence[str] = (),
        schema: str | None = None,
        require: str = "",
        server: MySQLServer | None = None,
    ) -> Account:
        """Create the account ``user@host``.

        Args:
            user: The user name.
            host: A host pattern as in CREATE USER, by default the origin of this test's namespace.
            password: The password.
            grants: One or several texts that stand between GRANT and TO, such as ``SELECT ON shop.*``.
            schema: A schema to create with the account, which gets all privileges on it.
            require: What follows REQUIRE in CREATE USER, such as ``X509``.
            server: By default ``netns_mysqld``.

        Raises:
            ClientError: If an argument is wrong, or if the server refuses the account.
        """
        ...


class ConnectFactory(Protocol):
    """The type of ``netns_connect``: opens connections that are closed when the test ends."""

    def __call__(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        server: MySQLServer | None = None,
        **options: Any,
    ) -> Any:
        """Open a connection from a namespace to a server.

        Whatever the driver opens later is opened in the namespace, too. With ``driver="mysqlx", pooling={...}`` the
        connection is an X DevAPI client.

        Args:
            namespace: Where the client is, by default the test's namespace.
            account: By default the namespace's own account, such as 'red_user'@'192.0.2.2', with its schema selected.
            endpoint: An endpoint, or the namespace that has the endpoint; by default the nearest one.
            driver: ``"mysql.connector"`` (the default), ``"mysql.connector.cext"``, ``"pymysql"``, ``"mysqldb"``,
                ``"mariadb"``, ``"mysqlx"``, or a connect function that is not asynchronous.
            server: By default ``netns_mysqld``.
            options: Options of the driver.

        Raises:
            ClientError: If an argument is wrong. The driver's own errors are raised as they are.
        """
        ...


class AsyncConnectFactory(Protocol):
    """The type of ``netns_connect_async``: opens connections that are closed when the test or the event loop ends."""

    def __call__(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        server: MySQLServer | None = None,
        **options: Any,
    ) -> AsyncConnecting:
        """Return what opens a connection from a namespace to a server: by ``await``, or by ``async with``.

        Whatever the driver opens later is opened in the namespace, too.

        Args:
            namespace: As for ``netns_connect``.
            account: As for ``netns_connect``.
            endpoint: As for ``netns_connect``.
            driver: ``"mysql.connector.aio"`` (the default), ``"asyncmy"``, ``"aiomysql"``, or an asynchronous function
                that connects, such as ``aiomysql.create_pool``.
            server: By default ``netns_mysqld``.
            options: Options of the driver.

        Raises:
            ClientError: If an argument is wrong, or if the event loop is not one of the driver's. The driver's own
                errors are raised as they are.
        """
        ...


class EngineFactory(Protocol):
    """The type of ``netns_engine``: makes SQLAlchemy engines that are disposed when the test ends."""

    def __call__(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        server: MySQLServer | None = None,
        **create_engine_options: Any,
    ) -> Engine:
        """Return an engine. Each connection of its pool is opened in the namespace, whichever thread asks for it.

        Args:
            namespace: As for ``netns_connect``.
            account: As for ``netns_connect``.
            endpoint: As for ``netns_connect``.
            driver: ``"mysql.connector"`` (the default), ``"mysql.connector.cext"``, ``"pymysql"``, ``"mysqldb"`` or
                ``"mariadb"``; or the connect function of one of these.
            server: By default ``netns_mysqld``.
            create_engine_options: Options of ``sqlalchemy.create_engine``, but no URL and no ``creator``. Options of
                the driver stand in ``connect_args``.

        Raises:
            ClientError: If an argument is wrong, or if SQLAlchemy or the driver is not installed.
        """
        ...


class AsyncEngineFactory(Protocol):
    """The type of ``netns_async_engine``: makes engines that are disposed when the test or the event loop ends."""

    def __call__(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        server: MySQLServer | None = None,
        **create_engine_options: Any,
    ) -> AsyncEngine:
        """Return an asynchronous engine. Each connection of its pool is opened in the namespace.

        Args:
            namespace: As for ``netns_connect``.
            account: As for ``netns_connect``.
            endpoint: As for ``netns_connect``.
            driver: ``"asyncmy"`` or ``"aiomysql"``, by default the first of them that is installed.
            server: By default ``netns_mysqld``.
            create_engine_options: Options of ``create_async_engine``, but no URL and no ``async_creator``. Options of
                the driver stand in ``connect_args``.

        Raises:
            ClientError: If an argument is wrong, or if SQLAlchemy or the driver is not installed.
        """
        ...


class ArgvFactory(Protocol):
    """The type of ``netns_argv``: returns command lines of MySQL's client programs."""

    def __call__(
        self,
        program: str,
        *arguments: str,
        namespace: str | None = None,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        server: MySQLServer | None = None,
    ) -> list[str]:
        """Return the command line of a program that connects from a namespace to a server.

        The account and the endpoint are written to a private option file, which is removed when the test ends, so no
        password is on the command line. Wherever the command is run, the program is in ``namespace``: ``mysql`` and
        ``mysqlxtest`` get ``--network-namespace``, any other program is started by a launcher that enters the
        namespace.

        Args:
            program: The program's name, such as ``"mysql"``.
            arguments: What follows on the command line.
            namespace: Where the program runs, by default the test's namespace.
            account: As for ``netns_connect``.
            endpoint: As for ``netns_connect``.
            server: By default ``netns_mysqld``.

        Raises:
            ClientError: If an argument is wrong.
            ServerNotFoundError: If the program is not found.
        """
        ...


class StartFactory(Protocol):
    """The type of ``netns_start_mysqld``: starts servers that are stopped when the test ends."""

    def __call__(
        self,
        *,
        bind_address: str | Sequence[str] | None = None,
        admin_address: str | None = None,
        mysqlx_bind_address: str | Sequence[str] | None = None,
        options: Mapping[str, OptionValue] | None = None,
        check_endpoints: bool = True,
        require_mysqlx: bool = True,
        drop_capabilities: str | Sequence[str] = (),
    ) -> MySQLServer:
        """Return a running server. The arguments are those of ``factories.mysqld``.

        Raises:
            EndpointError: If the server cannot listen at one of the addresses.
            SettingError: If another argument is wrong.
            ServerStartError: If mysqld does not start.
        """
        ...
