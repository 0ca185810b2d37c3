"""Fixtures of a project's own that start servers: one, a source, a replica, a group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.factories.declared import GroupDeclaration, ServerDeclaration, name_of
from pytest_netns_mysql.factories.making import (
    Scope,
    check_arguments,
    entries_from_caller,
    fixture_name,
    make_fixture,
    needed,
)
from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.load.load import Entries
    from pytest_netns_mysql.mysql.replication.group import Group
    from pytest_netns_mysql.mysql.replication.replica import Replica
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.servers import Servers

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
    spec = ServerSpec(
        bind_address=bind_address,
        admin_address=admin_address,
        mysqlx_bind_address=mysqlx_bind_address,
        options={} if options is None else options,
        load=entries_from_caller(load),
        check_endpoints=check_endpoints,
        require_mysqlx=require_mysqlx,
        drop_capabilities=drop_capabilities,
        mysqld=mysqld,
        factory="mysqld",
    )

    def server(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[MySQLServer]:
        with _netns_servers.running(replace(spec, name=fixture_name(request))) as running:
            yield running

    return make_fixture(server, ServerDeclaration("mysqld", name, server=spec), scope, name)


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
    spec = ServerSpec(
        bind_address=bind_address,
        admin_address=admin_address,
        mysqlx_bind_address=mysqlx_bind_address,
        options={} if options is None else options,
        load=entries_from_caller(load),
        mysqld=mysqld,
        factory="source",
    )

    def server(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[MySQLServer]:
        with _netns_servers.running_source(replace(spec, name=fixture_name(request))) as running:
            yield running

    return make_fixture(server, ServerDeclaration("source", name, server=spec), scope, name)


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
    spec = ServerSpec(
        bind_address=bind_address,
        admin_address=admin_address,
        mysqlx_bind_address=mysqlx_bind_address,
        options={} if options is None else options,
        mysqld=mysqld,
        factory="replica",
    )

    def replicate(replica: Replica, source: MySQLServer) -> None:
        replica.replicate(
            source,
            network_namespace=network_namespace,
            endpoint=endpoint,
            channel=channel,
            options=replication_options,
            timeout=timeout,
        )

    def server(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[Replica]:
        own = replace(spec, name=fixture_name(request))
        running_source: MySQLServer = needed(request, name_of(source, request._pyfuncitem))
        with _netns_servers.running_replica(own, running_source, replicate) as running:
            yield running

    namespaces = tuple(name for name in (network_namespace, endpoint) if name)
    declaration = ServerDeclaration("replica", name, namespaces, needs=(source,), server=spec)
    return make_fixture(server, declaration, scope, name)


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
    spec = ServerSpec(options={} if options is None else options, factory="group")

    def servers(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[Group]:
        own = replace(spec, name=fixture_name(request))
        with _netns_servers.running_group(own, namespaces, single_primary=single_primary) as running:
            yield running

    return make_fixture(servers, GroupDeclaration("group", name, tuple(namespaces), server=spec), scope, name)
