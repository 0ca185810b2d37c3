"""What can be known to be wrong with the servers of a netns test at collection, before any of them starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection.netnstests import has_factories
from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
from pytest_netns_mysql.run import pytest_internals

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.topology.topology import Topology


def check_servers(
    item: pytest.Item, topology: Topology, kinds: Sequence[Kind], find: Callable[[str], Kind | None]
) -> None:
    """Check the servers, proxies and connections of the fixtures that a test asks for.

    Args:
        item: The test.
        topology: The topology that the test runs over.
        kinds: The kinds of server that the settings name.
        find: Returns the kind of server that a factory's ``mysqld=`` names, or None if it is not on this machine.

    Raises:
        EndpointError: An endpoint breaks a rule, or no namespace has its address.
        SettingError: An option is wrong.
        LoadError: Something to load does not exist.
        UnknownNamespaceError: The topology has no such namespace.
        GroupError: The namespaces or options are not those of a group.
        ServerVersionError: A kind of server lacks a feature.
    """
    names = pytest_internals.fixture_names(item)
    if not names:
        return
    if has_factories():
        _check_declarations(item, topology, kinds, find)
    if "netns_mysqld" in names:
        where = f"{topology.source}: mysqld"
        spec = ServerSpec.of_topology(topology)
        spec.check(topology, kinds, where=where, where_options=f"{where}.options")
    if "netns_mysqlx" in names:
        _check_mysqlx(topology, kinds, f"netns_mysqlx of {item.nodeid}")


def _check_declarations(
    item: pytest.Item, topology: Topology, kinds: Sequence[Kind], find: Callable[[str], Kind | None]
) -> None:
    from pytest_netns_mysql.factories.declared import declarations_of

    for name, declaration in declarations_of(item):
        where = f"factories.{declaration.factory} of the fixture {name}, for {item.nodeid}"
        own = kinds if declaration.mysqld is None else [kind for kind in [find(declaration.mysqld)] if kind is not None]
        declaration.check(topology, own, where)


def _check_mysqlx(topology: Topology, kinds: Sequence[Kind], where: str) -> None:
    from pytest_netns_mysql.mysql.mysqld.kind import check_features

    spec = ServerSpec.of_topology(topology, mysqlx=True)
    for kind in kinds:
        check_features(kind, spec.requests(), where)
