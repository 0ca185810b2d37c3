"""What can be known to be wrong with the servers of a netns test at collection, before any of them starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection.netnstests import has_factories
from pytest_netns_mysql.collection.requirement import requirements_of
from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.session import OWN_SERVER

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology


def check_servers(item: pytest.Item, topology: Topology, session: NetnsSession) -> None:
    """Check the servers, proxies and connections of the fixtures that a test asks for.

    Args:
        item: The test.
        topology: The topology that the test runs over.
        session: The kinds of server of the run, and the hooks that change servers.

    Raises:
        EndpointError: An endpoint breaks a rule, or no namespace has its address.
        SettingError: An option is wrong.
        LoadError: Something to load does not exist.
        UnknownNamespaceError: The topology has no such namespace.
        GroupError: The namespaces or options are not those of a group.
        ServerVersionError: A kind of server lacks a feature.
        HookError: A hook of the project is wrong.
    """
    names = pytest_internals.fixture_names(item)
    if not names:
        return
    if has_factories():
        _check_declarations(item, topology, session)
    if "netns_mysqld" in names:
        spec = session.hooks.server_spec(OWN_SERVER, ServerSpec._of_topology(topology), topology)
        kinds = _kinds(item, spec.mysqld, session)
        where = f"{topology.source}: mysqld"
        spec._check(topology, kinds, where=where, where_options=f"{where}.options")
        if "netns_mysqlx" in names:
            _check_mysqlx(topology, kinds, f"netns_mysqlx of {item.nodeid}")


def _check_declarations(item: pytest.Item, topology: Topology, session: NetnsSession) -> None:
    from pytest_netns_mysql.factories.declared import declarations_of

    for name, written in declarations_of(item):
        declaration = written.changed(name, topology, session.hooks.server_spec)
        where = f"factories.{declaration.factory} of the fixture {name}, for {item.nodeid}"
        declaration.check(topology, _kinds(item, declaration.mysqld, session), where)


def _kinds(item: pytest.Item, mysqld: str | None, session: NetnsSession) -> list[Kind]:
    """Return the kinds of server that a server may be, as far as they are on this machine and the test runs on them.

    Args:
        item: The test.
        mysqld: What the server's configuration names; None for the servers of the settings.
        session: The kinds of server of the run.
    """
    if mysqld is not None:
        named = session.kinds.if_known(mysqld)
        return [] if named is None else [named]
    requirements = list(requirements_of(item))
    found = [kind for choice in session.kinds.names if (kind := session.kinds.if_known(choice)) is not None]
    return [kind for kind in found if not any(requirement.skip_reason(kind) for requirement in requirements)]


def _check_mysqlx(topology: Topology, kinds: Sequence[Kind], where: str) -> None:
    from pytest_netns_mysql.mysql.mysqld.kind import check_features

    spec = ServerSpec._of_topology(topology, mysqlx=True)
    for kind in kinds:
        check_features(kind, spec._requests(), where)
