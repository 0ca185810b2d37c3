"""The fixtures that a test suite asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_netns_mysql.errors import SandboxError, TopologyError
from pytest_netns_mysql.run.leftovers import ACCOUNTS
from pytest_netns_mysql.run.session import SESSION
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    import mysqlx

    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.clients.accounts import Account, Accounts
    from pytest_netns_mysql.mysql.clients.clients import Clients
    from pytest_netns_mysql.mysql.drivers.connector import NamespaceConnection
    from pytest_netns_mysql.mysql.proxies.router import RouterProgram
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.protocols import AccountFactory, ArgvFactory, ConnectFactory, StartFactory
    from pytest_netns_mysql.run.servers import Servers
    from pytest_netns_mysql.topology.model import Topology


@pytest.fixture(scope="session")
def netns_topology(request: pytest.FixtureRequest) -> Topology:
    """Return the topology in force, each in turn where there are several; override this to build one in Python."""
    if hasattr(request, "param"):
        return cast("Topology", request.param)
    return request.config.stash[SESSION].topologies.of_settings[0]


@pytest.fixture(scope="session")
def _netns_choice(request: pytest.FixtureRequest) -> str:
    """Give what names the server in force, each in turn where the settings name several."""
    if hasattr(request, "param"):
        return cast("str", request.param)
    return request.config.stash[SESSION].kinds.choices[0]


@pytest.fixture(scope="session")
def netns(request: pytest.FixtureRequest, netns_topology: Topology, _netns_choice: str) -> Iterator[Network]:
    """Give the topology's namespaces, made real in a sandbox of this process."""
    from pytest_netns_mysql.topology.model import Topology

    session = request.config.stash[SESSION]
    if not session.has_looked_ahead:
        from pytest_netns_mysql.collection.lookahead import look_ahead

        look_ahead(session, request.session)
    try:
        session.networks.make_sandbox(worker=hasattr(request.config, "workerinput"))
    except SandboxError as error:
        if session.settings.unavailable == "skip":
            pytest.skip(str(error))
        raise
    if not isinstance(netns_topology, Topology):
        raise TopologyError(
            f"the fixture netns_topology gives a Topology, and this is {netns_topology!r}",
            remedies=["return pytest_netns_mysql.from_mapping(...) of it, or load(...) of a file"],
        )
    yield session.network_of(netns_topology, _netns_choice, worker=hasattr(request.config, "workerinput"))
    # Kept, with its server, until the run ends: the tests of several topologies may come in any order.
    session.networks.current = None


@pytest.fixture(scope="session")
def _netns_servers(request: pytest.FixtureRequest, netns: Network) -> Servers:
    """Give what runs servers; a test that asks for it is known to need one before the sandbox is entered."""
    from pytest_netns_mysql.run.servers import Servers

    return Servers(request.config.stash[SESSION], netns)


@pytest.fixture(scope="session")
def _netns_router(request: pytest.FixtureRequest) -> RouterProgram:
    """Return the program of MySQL Router, looked for before the sandbox is entered."""
    return request.config.stash[SESSION].kinds.router


@pytest.fixture(scope="session")
def netns_mysqld(request: pytest.FixtureRequest, netns: Network, _netns_servers: object) -> MySQLServer:
    """Give the running server, on its own data directory, listening on the topology's endpoints."""
    return request.config.stash[SESSION].server_of(netns)


@pytest.fixture
def netns_mysqld_fresh(netns_mysqld: MySQLServer) -> MySQLServer:
    """Give netns_mysqld, started anew from the template for this test alone; all fixtures of the test use it.

    Fixtures of wider scopes that were built on it are torn down before, and set up again where they are asked for.
    """
    return netns_mysqld


@pytest.fixture
def netns_start_mysqld(_netns_servers: Servers) -> Iterator[StartFactory]:
    """Give a factory of servers that are started inside the test, and ended with it; its failure can be asserted."""
    from pytest_netns_mysql.run.starting import spec_of_arguments

    with contextlib.ExitStack() as stack:

        def start(**given: Any) -> MySQLServer:
            return stack.enter_context(_netns_servers.running(spec_of_arguments(given)))

        yield start


@pytest.fixture
def _netns_accounts(request: pytest.FixtureRequest) -> Iterator[Callable[[MySQLServer], Accounts]]:
    """Give this test's accounts on a server, the same for its copies; all fixtures share them: each is made once."""
    from pytest_netns_mysql.mysql.clients.accounts import Accounts

    made: dict[object, Accounts] = {}

    def on(server: MySQLServer) -> Accounts:
        return made.setdefault(server.dataset, Accounts(server))

    request.node.stash[ACCOUNTS] = made.values()
    yield on
    if NAMESPACE not in request.node.stash and made:  # a test that nobody knows as a netns test, and cleans after
        from pytest_netns_mysql.mysql.reset.dropping import drop_alone

        drop_alone(made.values())


def _namespace_of(request: pytest.FixtureRequest) -> str:
    from pytest_netns_mysql.endpoint import GLOBAL

    name: str = request.node.stash.get(NAMESPACE, GLOBAL)
    return name


@pytest.fixture
def netns_mysql(netns_connect: ConnectFactory) -> NamespaceConnection:
    """Give an open connection from the test's namespace, as a fresh account that owns a fresh, selected schema."""
    connection: NamespaceConnection = netns_connect()
    return connection


@pytest.fixture
def netns_account(
    request: pytest.FixtureRequest, netns_mysqld: MySQLServer, _netns_accounts: Callable[[MySQLServer], Accounts]
) -> AccountFactory:
    """Give a factory of accounts, dropped when the test ends."""
    here = _namespace_of(request)

    def make(user: str, *, host: str | None = None, server: MySQLServer | None = None, **options: Any) -> Account:
        from pytest_netns_mysql.mysql.clients import clientarguments

        where = clientarguments.server(server, netns_mysqld, fixture="netns_account")
        clientarguments.of_account(options)
        if host is None:
            host = where.origin(here, where.endpoint_for(here))
        return _netns_accounts(where).create(user, host=host, **options)

    return make


@pytest.fixture
def _netns_clients(
    request: pytest.FixtureRequest, netns_mysqld: MySQLServer, _netns_accounts: Callable[[MySQLServer], Accounts]
) -> Iterator[Callable[[MySQLServer | None, str], Clients]]:
    """Give the test's connections to a server, by default netns_mysqld, and the option files of client programs."""
    from pytest_netns_mysql.mysql.clients import clientarguments
    from pytest_netns_mysql.mysql.clients.clients import Clients

    def running() -> Sequence[MySQLServer]:
        return request.config.stash[SESSION].servers.running

    made: dict[MySQLServer, Clients] = {}
    with contextlib.ExitStack() as stack:

        def of(server: MySQLServer | None, fixture: str) -> Clients:
            where = clientarguments.server(server, netns_mysqld, fixture=fixture)
            if where not in made:
                clients = Clients(where, _netns_accounts(where), _namespace_of(request), servers=running)
                made[where] = stack.enter_context(clients)
            return made[where]

        yield of


@pytest.fixture
def netns_connect(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> ConnectFactory:
    """Give a factory of connections, closed when the test ends."""

    def connect(namespace: str | None = None, *, server: MySQLServer | None = None, **options: Any) -> Any:
        return _netns_clients(server, "netns_connect").connect(namespace, **options)

    return connect


@pytest.fixture
def netns_mysqlx(netns_connect: ConnectFactory) -> mysqlx.Session:
    """Give an X DevAPI session from the test's namespace, as netns_mysql is one of the classic protocol.

    Where the topology says nothing of mysqlx_bind_address, X Plugin listens where bind_address says.
    """
    session: mysqlx.Session = netns_connect(driver="mysqlx")
    return session


@pytest.fixture
def netns_argv(_netns_clients: Callable[[MySQLServer | None, str], Clients]) -> ArgvFactory:
    """Give a factory of command lines for MySQL's own client programs, as accounts of this test."""

    def argv(program: str, *arguments: str, server: MySQLServer | None = None, **options: Any) -> list[str]:
        return _netns_clients(server, "netns_argv").argv(program, *arguments, **options)

    return argv
