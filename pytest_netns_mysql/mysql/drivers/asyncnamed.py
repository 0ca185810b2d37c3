"""Drivers for asyncio that are known by name: each one a record, whose library is imported when a test uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.drivers import asyncoptions
from pytest_netns_mysql.mysql.drivers.named import not_installed

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.driver import Options
    from pytest_netns_mysql.mysql.drivers.driveroptions import DriverOptions


@dataclass(frozen=True)
class Calls:
    """The functions by which a library's connections are opened and closed.

    Attributes:
        open: Opens a connection from a namespace.
        close: Closes a connection in its event loop.
        transports: Returns the open transports of a connection.
        mark_closed: Has a connection know that its transports were closed.
    """

    open: Callable[[Namespace, Options], Awaitable[Any]]
    close: Callable[[Any], Awaitable[None]]
    transports: Callable[[Any], Iterable[Any]]
    mark_closed: Callable[[Any], object] = lambda _: None


@dataclass(frozen=True, eq=False)
class NamedAsyncDriver:
    """A driver that ``netns_connect_async`` knows by name.

    Attributes:
        name: What ``driver=`` may be.
        options: The options.
        calls: Imports the library, and returns the functions that open and close connections.
        requirement: What ``pip install`` installs.
        sqlalchemy: The name of SQLAlchemy's dialect for the driver, or '' without one.
    """

    name: str
    options: DriverOptions
    calls: Callable[[], Calls]
    requirement: str
    sqlalchemy: str = ""
    endpoint_kind = "mysql"
    chooses_tls = True
    has_known_options = True
    needs_asyncio = True

    @property
    def label(self) -> str:
        """The driver's own name, for errors."""
        return self.options.label

    def with_common_names(self, options: Mapping[str, Any]) -> Options:
        """Return options by their common names; see ``AnyDriver``."""
        return self.options.with_common_names(options)

    async def connect(self, namespace: Namespace, options: Mapping[str, Any]) -> Any:
        """Open a connection from a namespace; see ``AsyncDriver``."""
        try:
            calls = self.calls()
            own = self.options.to_own(options, others=asyncoptions.TAKERS)
        except ImportError as error:
            raise not_installed(self.name, self.requirement, error) from error
        return await calls.open(namespace, own)

    async def close(self, connection: Any) -> None:
        """Close a connection in its event loop."""
        await self.calls().close(connection)

    def transports(self, connection: Any) -> Iterable[Any]:
        """Return the transports that a connection has open."""
        return self.calls().transports(connection)

    def mark_closed(self, connection: Any) -> None:
        """Have a connection know that its transports were closed."""
        self.calls().mark_closed(connection)


def _aio() -> Calls:
    from pytest_netns_mysql.mysql.drivers import aio

    return Calls(aio.connect_by_aio, aio.close, aio.transports)


def _aiomysql() -> Calls:
    from pytest_netns_mysql.mysql.drivers import aiomysql

    return Calls(aiomysql.connect_by_aiomysql, aiomysql.close, aiomysql.transports, lambda each: each.close())


def _asyncmy() -> Calls:
    from pytest_netns_mysql.mysql.drivers import asyncmy

    return Calls(asyncmy.connect_by_asyncmy, asyncmy.close, asyncmy.transports, lambda each: each.close())


def _aio_pool() -> Calls:
    from pytest_netns_mysql.mysql.drivers import aiopool

    return Calls(aiopool.make_pool, aiopool.close_pool, aiopool.transports_of_pool)


def _aiomysql_pool() -> Calls:
    from pytest_netns_mysql.mysql.drivers import aiomysql, terminatedpools

    return Calls(
        aiomysql.make_pool, terminatedpools.close_pool, aiomysql.transports_of_pool, terminatedpools.mark_pool_closed
    )


def _asyncmy_pool() -> Calls:
    from pytest_netns_mysql.mysql.drivers import asyncmy, terminatedpools

    return Calls(
        asyncmy.make_pool, terminatedpools.close_pool, asyncmy.transports_of_pool, terminatedpools.mark_pool_closed
    )


AIO = NamedAsyncDriver("mysql.connector.aio", asyncoptions.AIO, _aio, "mysql-connector-python")
AIOMYSQL = NamedAsyncDriver("aiomysql", asyncoptions.AIOMYSQL, _aiomysql, "aiomysql", "mysql+aiomysql")
ASYNCMY = NamedAsyncDriver("asyncmy", asyncoptions.ASYNCMY, _asyncmy, "asyncmy", "mysql+asyncmy")
AIO_POOL = NamedAsyncDriver(
    "mysql.connector.aio.MySQLConnectionPool", asyncoptions.AIO, _aio_pool, "mysql-connector-python>=9.4"
)
AIOMYSQL_POOL = NamedAsyncDriver("aiomysql.create_pool", asyncoptions.AIOMYSQL_POOL, _aiomysql_pool, "aiomysql")
ASYNCMY_POOL = NamedAsyncDriver("asyncmy.create_pool", asyncoptions.ASYNCMY_POOL, _asyncmy_pool, "asyncmy")

DRIVERS = (AIO, ASYNCMY, AIOMYSQL)
"""All drivers that are known by name, the default first."""
