"""Factories of fixtures that start servers: a single server, a source, a replica, a group."""

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
from pytest_netns_mysql.run.pytest_internals import item_of

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.load.loads import Entries
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
    """Return a fixture that starts a server of its own.

    Two servers cannot share an address and port: give one of them another port by ``options={"port": 3307}``. See the
    manual, bind_address, admin_address and mysqlx_bind_address.

    Args:
        bind_address: ``addr/ns`` endpoints, as a comma list or a sequence. Default: the topology's.
        admin_address: An ``addr/ns`` endpoint for administrators.
        mysqlx_bind_address: ``addr/ns`` endpoints of X Plugin, which is switched off without them.
        options: Options of mysqld, named as in an option file: True and False for ON and OFF, None for an option
            without a value.
        load: What the data directory is loaded with, once for each change: an SQL file, a folder of SQL files, a
            function that takes the administrator's connection, its name as ``"package.module:function"``, or a list of
            these. Paths start at the folder of the file that calls this function. Changes that a test makes in the
            loaded schemas are put back.
        check_endpoints: False passes the addresses to mysqld as they are written.
        require_mysqlx: False accepts a server whose X Plugin failed.
        drop_capabilities: Capabilities that mysqld starts without, such as ``CAP_SYS_ADMIN``.
        mysqld: Another server than the run's, as the setting names it: ``auto``, a path, ``docker://mysql:8.4``.
        scope: The scope of the fixture.
        name: The name of the fixture. Default: the name that the fixture is assigned to.

    Returns:
        The fixture. Its value is the running MySQLServer. Requesting it raises ServerStartError if mysqld does not come
        up; EndpointError, SettingError and LoadError come at collection.
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
    """Return a fixture that starts a source: a server with a binary log, GTIDs and a server_id of its own.

    Replicas of the source begin with the same ``load``. See the manual, "Replication with Global Transaction
    Identifiers". The arguments are those of ``mysqld``.

    Returns:
        The fixture. Its value is the running MySQLServer.
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
    """Return a fixture that starts a replica of ``source`` and waits until it has caught up.

    A replica can have further channels: ``replica.replicate(other, channel="other")``. See the manual, "CHANGE
    REPLICATION SOURCE TO Statement". Arguments that are not listed are those of ``mysqld``.

    Args:
        source: The fixture of the source, by name or as a factory returned it. A replica can be a source, too.
        bind_address: ``addr/ns`` endpoints of the replica.
        network_namespace: The namespace that the replica connects from, '' for none. Default: the first namespace in
            ``bind_address``.
        endpoint: The namespace whose endpoint of the source the replica connects to. Default: the nearest.
        channel: The name of the channel.
        replication_options: Options of CHANGE REPLICATION SOURCE TO.
        timeout: The time that catching up may take, in seconds.

    Returns:
        The fixture. Its value is the running Replica. Requesting it raises ReplicationError, with the status of both
        servers, if the replica does not catch up.
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
        running_source: MySQLServer = needed(request, name_of(source, item_of(request)))
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
    """Return a fixture that starts a replication group with a member in each namespace, all ONLINE.

    Each member listens on the first address of its namespace only; in the topology ``cluster`` port 3306 is free there.
    See the manual, "Group Replication".

    Args:
        namespaces: The namespaces of the members. The first member is the primary.
        single_primary: False makes all members primaries.
        options: Options of mysqld, the same for all members.
        scope: The scope of the fixture.
        name: The name of the fixture. Default: the name that the fixture is assigned to.

    Returns:
        The fixture. Its value is the Group. Requesting it raises GroupError if the group does not form. The XCom
        communication stack, which does not know network namespaces, is an error at collection.
    """
    check_arguments("group", locals())
    spec = ServerSpec(options={} if options is None else options, factory="group")

    def servers(request: pytest.FixtureRequest, _netns_servers: Servers) -> Iterator[Group]:
        own = replace(spec, name=fixture_name(request))
        with _netns_servers.running_group(own, namespaces, single_primary=single_primary) as running:
            yield running

    return make_fixture(servers, GroupDeclaration("group", name, tuple(namespaces), server=spec), scope, name)
