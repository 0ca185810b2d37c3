"""The fixtures that a test suite asks for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from pytest_netns_mysql.errors import SandboxError, TopologyError
from pytest_netns_mysql.session import NAMESPACE, SESSION

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.accounts import Account, Accounts
    from pytest_netns_mysql.mysql.client import Driver, NamespaceConnection
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.topology.model import Topology


class AccountFactory(Protocol):
    """Make an account that is dropped when the test ends."""

    def __call__(
        self, user: str, *, host: str | None = None, password: str = "", grants: str | Sequence[str] = ()
    ) -> Account:
        """Make ``user@host``.

        ``host`` is a pattern as in CREATE USER, by default the origin of this test's namespace. ``grants``, one
        or several, are what stands between GRANT and TO, such as ``SELECT ON shop.*``.
        """
        ...


class ConnectFactory(Protocol):
    """Open a connection that is closed when the test ends."""

    def __call__(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Connect from ``namespace``, by default this test's.

        ``account`` is by default the namespace's own, such as 'red_user'@'192.0.2.2' with its schema selected;
        ``endpoint`` an endpoint, or the namespace whose endpoint it is, by default the nearest; ``driver``
        ``"mysql.connector"``, ``"pymysql"`` or a connect function; ``options`` are the driver's.
        """
        ...


@pytest.fixture(scope="session")
def netns_topology(request: pytest.FixtureRequest) -> Topology:
    """Return the topology in force, each in turn where there are several; override this to build one in Python."""
    if hasattr(request, "param"):
        return cast("Topology", request.param)
    return request.config.stash[SESSION].topologies[0]


@pytest.fixture(scope="session")
def netns(request: pytest.FixtureRequest, netns_topology: Topology) -> Iterator[Network]:
    """Give the topology's namespaces, made real in a sandbox of this process."""
    from pytest_netns_mysql.topology.model import Topology

    session = request.config.stash[SESSION]
    try:
        session.make_sandbox(worker=hasattr(request.config, "workerinput"))
    except SandboxError as error:
        if session.settings.unavailable == "skip":
            pytest.skip(str(error))
        raise
    if not isinstance(netns_topology, Topology):
        raise TopologyError(
            f"the fixture netns_topology gives a Topology, and this is {netns_topology!r}",
            remedies=["return pytest_netns_mysql.from_mapping(...) of it, or load(...) of a file"],
        )
    yield session.network_of(netns_topology, worker=hasattr(request.config, "workerinput"))
    # Kept, with its server, until the run ends: the tests of several topologies may come in any order.
    session.network = None


@pytest.fixture(scope="session")
def _netns_servers(
    request: pytest.FixtureRequest, netns: Network
) -> Callable[..., AbstractContextManager[MySQLServer]]:
    """Give what runs a server; a test that asks for it is known to need one before the sandbox is entered."""
    return functools.partial(request.config.stash[SESSION].running, netns)


@pytest.fixture(scope="session")
def netns_mysqld(request: pytest.FixtureRequest, netns: Network, _netns_servers: object) -> MySQLServer:
    """Give the running server, on its own data directory, listening on the topology's endpoints."""
    return request.config.stash[SESSION].server_of(netns)


@pytest.fixture
def _netns_accounts() -> Iterator[Callable[[MySQLServer], Accounts]]:
    """Give this test's accounts on a server; all fixtures share them, so that each is made once."""
    from pytest_netns_mysql.mysql.accounts import Accounts

    made: dict[MySQLServer, Accounts] = {}

    def on(server: MySQLServer) -> Accounts:
        return made.setdefault(server, Accounts(server))

    yield on
    for accounts in made.values():
        accounts.drop()


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

    def make(user: str, *, host: str | None = None, password: str = "", grants: str | Sequence[str] = ()) -> Account:
        if host is None:
            host = netns_mysqld.origin(here, netns_mysqld.endpoint_for(here))
        return _netns_accounts(netns_mysqld).create(user, host=host, password=password, grants=grants)

    return make


@pytest.fixture
def netns_connect(
    request: pytest.FixtureRequest, netns_mysqld: MySQLServer, _netns_accounts: Callable[[MySQLServer], Accounts]
) -> Iterator[ConnectFactory]:
    """Give a factory of connections, closed when the test ends."""
    from pytest_netns_mysql.mysql.clients import Clients

    with Clients(netns_mysqld, _netns_accounts(netns_mysqld), _namespace_of(request)) as clients:
        yield clients.connect
