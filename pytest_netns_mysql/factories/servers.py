"""Make more fixtures: servers, proxies and clients of the project's own."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql import paths
from pytest_netns_mysql.collection.mistakes import FixturePlan, name_of
from pytest_netns_mysql.errors import LoadError
from pytest_netns_mysql.factories.making import Scope, check_arguments, fixture_name, make_fixture, needed, one_server
from pytest_netns_mysql.factories.proxies import proxy, router
from pytest_netns_mysql.run.session import NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.drivers.connect import Driver
    from pytest_netns_mysql.mysql.load.load import Entries, Entry, Load
    from pytest_netns_mysql.mysql.replication.group import Group
    from pytest_netns_mysql.mysql.replication.replica import Replica
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.servers import Servers

__all__ = ["client", "group", "mysqld", "proxy", "replica", "router", "source"]

Options = Mapping[str, "OptionValue"]


def mysqld(
    *,
    bind_address: str | Sequence[str] | None = None,
    admin_address: str | None = None,
    mysqlx_bind_address: str | Sequence[str] | None = None,
    options: Options | None = None,
    load: Entries = (),
    check_endpoints: bool = True,
    require_mysqlx: bool = True,
    drop_capabilities: str | Sequence[str] = (),
    mysqld: str | None = None,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[MySQLServer]]:
    """Return a fixture that gives a running server of its own.

    ``bind_address`` is a comma list or a sequence of ``addr/ns``, by default the topology's; ``admin_address``
    is one ``addr/ns``; ``mysqlx_bind_address``, a list too, switches X Plugin on. ``options`` are mysqld's, named as
    in an option file, with True and False for ON and OFF and None for an option without a value. Two servers cannot
    share an address and port: give one ``options={"port": 3307}``. ``name`` is the fixture's, by default the one it
    is assigned to. Raises EndpointError before a server is started, ServerStartError where it does not come up.

    ``load`` is what its data directory is loaded with, once for each change of it: an SQL file, a folder of them, a
    function that gets the administrator's connection, its name as ``"package.module:function"``, or a list of these;
    paths start at the folder of the file that calls this. What a test changes in these schemas is put back. Raises
    LoadError, at collection where one is not there.

    ``mysqld`` is another server than the run's, as the setting names one: ``auto``, a path, ``docker://mysql:8.4``.

    For a server that is to be odd: without ``check_endpoints`` mysqld gets the addresses as they are written, without
    ``require_mysqlx`` X Plugin may fail, and mysqld lacks ``drop_capabilities``, such as ``CAP_SYS_ADMIN``. See the
    manual, bind_address, admin_address and mysqlx_bind_address.
    """
    check_arguments("mysqld", locals())
    plan = {
        "bind_address": bind_address,
        "admin_address": admin_address,
        "mysqlx_bind_address": mysqlx_bind_address,
        "options": {} if options is None else options,
        "mysqld": mysqld,
        "load": _from_here(load),
        "check_endpoints": check_endpoints,
        "require_mysqlx": require_mysqlx,
        "drop_capabilities": drop_capabilities,
    }

    def server(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[MySQLServer]:
        with _netns_servers.running(fixture_name(request), plan) as running:
            yield running

    return make_fixture(server, FixturePlan("mysqld", plan, name), scope, name)


def source(
    *,
    bind_address: str | Sequence[str] | None = None,
    admin_address: str | None = None,
    mysqlx_bind_address: str | Sequence[str] | None = None,
    options: Options | None = None,
    load: Entries = (),
    mysqld: str | None = None,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[MySQLServer]]:
    """Return a fixture that gives a server which others can replicate from: with binary log, GTIDs and a server_id.

    The rest is as for ``mysqld``; its replicas begin with the same ``load``. See the manual, "Replication with Global
    Transaction Identifiers".
    """
    check_arguments("source", locals())
    plan = {
        "bind_address": bind_address,
        "admin_address": admin_address,
        "mysqlx_bind_address": mysqlx_bind_address,
        "options": {} if options is None else options,
        "mysqld": mysqld,
        "load": _from_here(load),
    }

    def server(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[MySQLServer]:
        with _netns_servers.running_source(fixture_name(request), plan) as running:
            yield running

    return make_fixture(server, FixturePlan("source", plan, name), scope, name)


def replica(
    source: str | Callable[..., Any],
    *,
    bind_address: str | Sequence[str],
    network_namespace: str | None = None,
    endpoint: str | None = None,
    channel: str = "",
    replication_options: Options | None = None,
    admin_address: str | None = None,
    mysqlx_bind_address: str | Sequence[str] | None = None,
    options: Options | None = None,
    timeout: float = 10.0,
    mysqld: str | None = None,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[Replica]]:
    """Return a fixture that gives a replica of ``source``, caught up.

    ``source`` is a server's fixture, by name or as a factory returned it, a replica too. ``network_namespace`` is where
    the replica connects from, by default the first namespace of its ``bind_address``, '' for none; ``endpoint`` is the
    namespace whose endpoint of the source it connects to, by default the nearest. ``replication_options`` are those of
    CHANGE REPLICATION SOURCE TO, ``timeout`` is in seconds; the rest is as for ``mysqld``. A further channel:
    ``replica.replicate(other, channel="other")``. Raises ReplicationError with the status of both ends where the
    replica does not catch up. See the manual, "CHANGE REPLICATION SOURCE TO Statement".
    """
    check_arguments("replica", locals())
    plan = {
        "bind_address": bind_address,
        "admin_address": admin_address,
        "mysqlx_bind_address": mysqlx_bind_address,
        "options": {} if options is None else options,
        "mysqld": mysqld,
    }
    replicate = {
        "network_namespace": network_namespace,
        "endpoint": endpoint,
        "channel": channel,
        "options": replication_options,
        "timeout": timeout,
    }

    def server(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[Replica]:
        name = fixture_name(request)
        its_source: MySQLServer = needed(request, name_of(source, request._pyfuncitem))
        with _netns_servers.running_replica(name, plan, its_source, replicate) as running:
            yield running

    wanted = tuple(one for one in (network_namespace, endpoint) if one)
    return make_fixture(server, FixturePlan("replica", plan, name, wanted, (source,)), scope, name)


def group(
    namespaces: Sequence[str],
    *,
    single_primary: bool = True,
    options: Options | None = None,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[Group]]:
    """Return a fixture that gives a replication group with a member in each namespace, all ONLINE.

    Each member listens on the first address of its namespace, and on no other; in the topology ``cluster`` port 3306
    is free there. The first one is the primary; without ``single_primary`` all are. ``options`` are mysqld's, the same
    for all members. Raises GroupError where it does not come together, and at collection for the XCom communication
    stack, which knows no network namespaces. See the manual, "Group Replication".
    """
    check_arguments("group", locals())
    plan = {"options": {} if options is None else options}

    def servers(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[Group]:
        with _netns_servers.running_group(
            fixture_name(request), plan, namespaces, single_primary=single_primary
        ) as running:
            yield running

    return make_fixture(servers, FixturePlan("group", plan, name, tuple(namespaces)), scope, name)


def _from_here(load: Entries) -> tuple[Entry, ...]:
    """Return what is to be loaded, with paths from the folder of the file that calls the factory."""
    if load == ():
        return ()
    from pytest_netns_mysql.mysql.load.load import based

    file = sys._getframe(2).f_globals.get("__file__")
    return based(load, paths.here() if file is None else Path(file).parent)


def client(
    mysqld: str | Callable[..., Any] = "netns_mysqld",
    *,
    namespace: str | None = None,
    endpoint: str | None = None,
    driver: Driver | None = None,
    load: Entries = (),
    name: str | None = None,
    **options: Any,
) -> Callable[..., Iterator[Any]]:
    """Return a function-scoped fixture that gives an open connection to a server.

    ``mysqld`` is the server's fixture, by name or as a factory returned it, or a group's; ``namespace`` is where the
    connection is born, by default where the test stands; ``endpoint`` names the namespace whose endpoint it goes to, by
    default the nearest, of a group the primary's; ``driver`` and ``options`` are as for netns_connect. Without
    ``user=`` it is a fresh account that owns a fresh schema. ``load``, as for ``mysqld``, is loaded into that schema
    for each test, with the schema selected; raises LoadError.
    """
    check_arguments("client", {**locals(), "options": None})  # which are the driver's
    entries = _from_here(load)
    if entries and "user" in options:
        raise LoadError(
            f"factories.client(user={options['user']!r}, load=...): the schema to load into is that of a fresh account",
            remedies=["leave out user", "load into the server: factories.mysqld(load=...)"],
        )

    def connection(
        request: pytest.FixtureRequest,
        _netns_servers: object,  # it says that a server is needed, before the server's own fixture is known
        _netns_accounts: Callable[[MySQLServer], Accounts],
    ) -> Iterator[Any]:
        from pytest_netns_mysql.endpoint import GLOBAL
        from pytest_netns_mysql.mysql.clients.clients import Clients

        fixture_name(request)
        server = one_server(request.getfixturevalue(name_of(mysqld, request._pyfuncitem)), endpoint)
        with Clients(server, _netns_accounts(server), request.node.stash.get(NAMESPACE, GLOBAL)) as clients:
            if entries:
                clients.load(loads(), namespace, endpoint=endpoint, driver=driver)
            yield clients.connect(namespace, endpoint=endpoint, driver=driver, **options)

    @functools.cache
    def loads() -> tuple[Load, ...]:
        from pytest_netns_mysql.mysql.load.load import resolve

        return resolve(entries, where="factories.client")

    return make_fixture(connection, FixturePlan("client", {"load": entries}, name, (), (mysqld,)), "function", name)
