"""The fixtures for test suites: networks, servers, accounts and connections.

PYTEST_DONT_REWRITE: nothing is asserted here, and pytest would warn where a process runs it twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_netns_mysql.run.ownfixtures import own_fixture
from pytest_netns_mysql.run.stash import ACCOUNTS, LOOK_AHEAD, NAMESPACE, session_of

if TYPE_CHECKING:
    import mysqlx
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.clients.account import Account
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.clients.clients import Clients
    from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
    from pytest_netns_mysql.mysql.proxies.router import RouterProgram
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.protocols import (
        AccountFactory,
        ArgvFactory,
        AsyncConnectFactory,
        AsyncEngineFactory,
        ConnectFactory,
        EngineFactory,
        StartFactory,
    )
    from pytest_netns_mysql.run.servers import Servers
    from pytest_netns_mysql.topology.topology import Topology


@pytest.fixture(scope="session")
@own_fixture
def netns_topology(request: pytest.FixtureRequest) -> Topology:
    """The topology that the test runs over; override this fixture to build a topology in Python."""
    if hasattr(request, "param"):
        return cast("Topology", request.param)
    return session_of(request.config).topologies.of_settings[0]


@pytest.fixture(scope="session")
@own_fixture
def _netns_server_name(request: pytest.FixtureRequest) -> str:
    """The server that the test runs on, as the setting netns_mysqld names it."""
    if hasattr(request, "param"):
        return cast("str", request.param)
    return session_of(request.config).kinds.names[0]


@pytest.fixture(scope="session")
@own_fixture
def netns(request: pytest.FixtureRequest, netns_topology: Topology, _netns_server_name: str) -> Iterator[Network]:
    """The network of the topology: its namespaces by name, built in a sandbox of this process."""
    from pytest_netns_mysql.errors import SandboxError, TopologyError
    from pytest_netns_mysql.topology.topology import Topology

    session = session_of(request.config)
    if not session.has_looked_ahead:
        request.config.stash[LOOK_AHEAD](request.session)
    try:
        session.networks.make_sandbox(worker=hasattr(request.config, "workerinput"))
    except SandboxError as error:
        if session.settings.unavailable == "skip":
            pytest.skip(str(error._at(error.where or session.machine)))
        raise
    if not isinstance(netns_topology, Topology):
        raise TopologyError(
            f"the fixture netns_topology must return a Topology, got {netns_topology!r}",
            remedies=["return pytest_netns_mysql.from_mapping(...) of it, or load(...) of a file"],
        )
    yield session.network_of(netns_topology, _netns_server_name, worker=hasattr(request.config, "workerinput"))
    # Kept, with its server, until the run ends: the tests of several topologies may come in any order.
    session.networks.current = None


@pytest.fixture(scope="session")
@own_fixture
def _netns_servers(request: pytest.FixtureRequest, netns: Network) -> Servers:
    """What starts further servers; requesting it tells early that a test needs a server."""
    from pytest_netns_mysql.run.servers import Servers

    return Servers(session_of(request.config), netns)


@pytest.fixture(scope="session")
@own_fixture
def _netns_router(request: pytest.FixtureRequest) -> RouterProgram:
    """The program of MySQL Router; requesting it has the program found before the sandbox is entered."""
    return session_of(request.config).kinds.router


@pytest.fixture(scope="session")
@own_fixture
def netns_mysqld(request: pytest.FixtureRequest, netns: Network, _netns_servers: object) -> MySQLServer:
    """The running MySQL server, with a data directory of its own, listening on the topology's endpoints."""
    return session_of(request.config).server_of(netns)


@pytest.fixture
@own_fixture
def netns_mysqld_fresh(netns_mysqld: MySQLServer) -> MySQLServer:
    """A freshly started netns_mysqld for this test alone; all fixtures of the test use this server.

    Fixtures of wider scopes that use the server are torn down first, and set up again when they are next requested.
    """
    return netns_mysqld


@pytest.fixture
@own_fixture
def netns_start_mysqld(_netns_servers: Servers) -> Iterator[StartFactory]:
    """A factory of servers that start inside the test and end with it; a start that fails can be asserted."""
    from pytest_netns_mysql.run.starting import spec_of_arguments

    with contextlib.ExitStack() as stack:

        def start(**given: Any) -> MySQLServer:
            return stack.enter_context(_netns_servers.running(spec_of_arguments(given)))

        yield start


@pytest.fixture
@own_fixture
def _netns_accounts(request: pytest.FixtureRequest) -> Iterator[Callable[[MySQLServer], Accounts]]:
    """A function that returns the test's accounts on a server; its replicas and group members share them."""
    from pytest_netns_mysql.mysql.clients.accounts import Accounts

    made: dict[object, Accounts] = {}

    def on(server: MySQLServer) -> Accounts:
        return made.setdefault(server._dataset, Accounts(server))

    request.node.stash[ACCOUNTS] = made.values()
    yield on
    if NAMESPACE not in request.node.stash and made:  # a test that nobody knows as a netns test, and cleans after
        from pytest_netns_mysql.mysql.reset.dropaccounts import drop_accounts

        drop_accounts(made.values())


def _namespace_of(request: pytest.FixtureRequest) -> str:
    from pytest_netns_mysql.endpoint import GLOBAL

    name: str = request.node.stash.get(NAMESPACE, GLOBAL)
    return name


@pytest.fixture
@own_fixture
def netns_mysql(netns_connect: ConnectFactory) -> NamespaceConnection:
    """An open connection from the test's namespace, with a fresh account that owns a fresh, selected schema."""
    connection: NamespaceConnection = netns_connect()
    return connection


@pytest.fixture
@own_fixture
def netns_account(
    request: pytest.FixtureRequest, netns_mysqld: MySQLServer, _netns_accounts: Callable[[MySQLServer], Accounts]
) -> AccountFactory:
    """A factory of accounts, which are dropped when the test ends."""
    here = _namespace_of(request)

    def make(user: str, *, host: str | None = None, server: MySQLServer | None = None, **options: Any) -> Account:
        from pytest_netns_mysql.mysql.clients import clientarguments

        where = clientarguments.checked_server(server, netns_mysqld, fixture="netns_account")
        clientarguments.check_account_arguments(options)
        if host is None:
            host = where.origin(here, where.endpoint_for(here))
        account = _netns_accounts(where).create(user, host=host, **options)
        session_of(request.config).board.show_accounts(request.node.stash[ACCOUNTS])
        return account

    return make


@pytest.fixture
@own_fixture
def _netns_clients(
    request: pytest.FixtureRequest, netns_mysqld: MySQLServer, _netns_accounts: Callable[[MySQLServer], Accounts]
) -> Iterator[Callable[[MySQLServer | None, str], Clients]]:
    """A function that returns the test's connections to a server, by default netns_mysqld."""
    from pytest_netns_mysql.mysql.clients import clientarguments
    from pytest_netns_mysql.mysql.clients.clients import Clients

    def running() -> Sequence[MySQLServer]:
        return session_of(request.config).servers.running

    made: dict[MySQLServer, Clients] = {}
    with contextlib.ExitStack() as stack:

        def of(server: MySQLServer | None, fixture: str) -> Clients:
            where = clientarguments.checked_server(server, netns_mysqld, fixture=fixture)
            if where not in made:
                clients = Clients(where, _netns_accounts(where), _namespace_of(request), servers=running)
                made[where] = stack.enter_context(clients)
            return made[where]

        yield of


@pytest.fixture
@own_fixture
def netns_connect(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> ConnectFactory:
    """A factory of connections, which are closed when the test ends."""

    def connect(namespace: str | None = None, *, server: MySQLServer | None = None, **options: Any) -> Any:
        return _netns_clients(server, "netns_connect").connect(namespace, **options)

    return connect


@pytest.fixture
@own_fixture
def netns_connect_async(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> AsyncConnectFactory:
    """A factory of connections by asynchronous drivers, which are closed when the test or the event loop ends."""

    def connect(namespace: str | None = None, *, server: MySQLServer | None = None, **options: Any) -> Any:
        return _netns_clients(server, "netns_connect_async").connect_async(namespace, **options)

    return connect


@pytest.fixture
@own_fixture
def netns_engine(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> EngineFactory:
    """A factory of SQLAlchemy engines, which are disposed when the test ends."""

    def make(namespace: str | None = None, *, server: MySQLServer | None = None, **options: Any) -> Engine:
        from pytest_netns_mysql.mysql.clients.engines import make_engine

        return make_engine(_netns_clients(server, "netns_engine"), namespace, **options)

    return make


@pytest.fixture
@own_fixture
def netns_async_engine(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> AsyncEngineFactory:
    """A factory of asynchronous SQLAlchemy engines, which are disposed when the test or the event loop ends."""

    def make(namespace: str | None = None, *, server: MySQLServer | None = None, **options: Any) -> AsyncEngine:
        from pytest_netns_mysql.mysql.clients.asyncengines import make_async_engine

        return make_async_engine(_netns_clients(server, "netns_async_engine"), namespace, **options)

    return make


@pytest.fixture
@own_fixture
def netns_mysqlx(netns_connect: ConnectFactory) -> mysqlx.Session:
    """An open X DevAPI session from the test's namespace, with a fresh account that owns a fresh schema.

    If the topology has no mysqlx_bind_address, X Plugin listens on the addresses of bind_address.
    """
    session: mysqlx.Session = netns_connect(driver="mysqlx")
    return session


@pytest.fixture
@own_fixture
def netns_argv(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> ArgvFactory:
    """A factory of command lines for MySQL's client programs, which connect with accounts of the test."""

    def argv(program: str, *arguments: str, server: MySQLServer | None = None, **options: Any) -> list[str]:
        return _netns_clients(server, "netns_argv").argv(program, *arguments, **options)

    return argv
