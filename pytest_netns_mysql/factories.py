"""Make more fixtures: servers and clients of the project's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_netns_mysql.session import NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.accounts import Accounts
    from pytest_netns_mysql.mysql.client import Driver
    from pytest_netns_mysql.mysql.options import OptionValue
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.topology.model import Topology

Scope = Literal["session", "package", "module", "class", "function"]


PLAN = "netns_plan"


def check_servers(item: pytest.Item, topology: Topology) -> None:
    """Check the endpoints and options of the servers that a test asks for, before any of them is started.

    Raises EndpointError or SettingError, naming the fixture and the test.
    """
    from pytest_netns_mysql.mysql.options import checked

    info = item._fixtureinfo  # type: ignore[attr-defined]
    for name, definitions in info.name2fixturedefs.items():
        plan = getattr(definitions[-1].func, PLAN, None)
        if plan is not None:
            where = f"factories.mysqld of the fixture {name}, for {item.nodeid}"
            checked(plan["options"], where=where)
            _check_endpoints(plan, topology, where)
    if "netns_mysqld" in info.names_closure:
        where = f"{topology.source}: mysqld"
        checked(topology.mysqld.options, where=f"{where}.options")
        _check_endpoints(vars(topology.mysqld), topology, where)


def _check_endpoints(written: Mapping[str, Any], topology: Topology, where: str) -> None:
    from pytest_netns_mysql.mysql.listeners import check_names
    from pytest_netns_mysql.topology.endpoints import check_endpoints

    for key in ("bind_address", "admin_address", "mysqlx_bind_address"):
        if written[key] is not None:
            endpoints = check_endpoints(written[key], topology.plan, key, where)
            check_names(endpoints, topology.plan.hosts, key=key, where=where)


def mysqld(
    *,
    bind_address: str | Sequence[str] | None = None,
    admin_address: str | None = None,
    mysqlx_bind_address: str | Sequence[str] | None = None,
    options: Mapping[str, OptionValue] | None = None,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[MySQLServer]]:
    """Return a fixture that gives a running server of its own.

    ``bind_address`` is a comma list or a sequence of ``addr/ns``, by default the topology's; ``admin_address``
    is one ``addr/ns``; ``mysqlx_bind_address``, a list too, switches X Plugin on. ``options`` are mysqld's, named as
    in an option file, with True and False for ON and OFF and None for an option without a value. Two servers cannot
    share an address and port: give one ``options={"port": 3307}``. ``name`` is the fixture's, by default the one it
    is assigned to. Raises EndpointError before a server is started. See the manual, bind_address, admin_address and
    mysqlx_bind_address.
    """
    plan = {
        "bind_address": bind_address,
        "admin_address": admin_address,
        "mysqlx_bind_address": mysqlx_bind_address,
        "options": {} if options is None else options,
    }

    def server(
        request: pytest.FixtureRequest, _netns_servers: Callable[..., AbstractContextManager[MySQLServer]]
    ) -> Iterator[MySQLServer]:
        with _netns_servers(name=str(request.fixturename), **plan) as running:
            yield running

    setattr(server, PLAN, plan)
    return pytest.fixture(scope=scope, name=name)(server)


def client(
    mysqld: str = "netns_mysqld",
    *,
    namespace: str | None = None,
    endpoint: str | None = None,
    driver: Driver | None = None,
    name: str | None = None,
    **options: Any,
) -> Callable[..., Iterator[Any]]:
    """Return a function-scoped fixture that gives an open connection to a server.

    ``mysqld`` names the server's fixture; ``namespace`` is where the connection is born, by default where the
    test stands; ``endpoint`` names the namespace whose endpoint it goes to, by default the nearest; ``driver`` and
    ``options`` are as for netns_connect. Without ``user=`` it is a fresh account that owns a fresh schema.
    """

    @pytest.fixture(name=name)
    def connection(
        request: pytest.FixtureRequest,
        _netns_servers: object,  # it says that a server is needed, before the server's own fixture is known
        _netns_accounts: Callable[[MySQLServer], Accounts],
    ) -> Iterator[Any]:
        from pytest_netns_mysql.endpoint import GLOBAL
        from pytest_netns_mysql.mysql.clients import Clients

        server: MySQLServer = request.getfixturevalue(mysqld)
        with Clients(server, _netns_accounts(server), request.node.stash.get(NAMESPACE, GLOBAL)) as clients:
            yield clients.connect(namespace, endpoint=endpoint, driver=driver, **options)

    return connection
