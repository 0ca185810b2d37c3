"""Which tests are netns tests, and the namespace that each runs in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import MarkerError, NetnsError, in_short
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.model import Topology

PARAMETER = "netns_name"
TOPOLOGY = "netns_topology"
CHOICE = "_netns_choice"
FIXTURES = frozenset(
    {
        TOPOLOGY,
        "netns",
        "netns_mysqld",
        "netns_mysql",
        "netns_mysqlx",
        "netns_account",
        "netns_connect",
        "netns_argv",
        "netns_start_mysqld",
    }
)

SERVERS_HELP = (
    "netns_mysqld(min=None, flavor=None, local=False): the test is for servers of this version or newer, such as 8.4, "
    "of this flavor or one of these: mysql (with percona, made of it), percona, mariadb; local: for a program of this "
    "machine, no container; on others it is not applicable"
)
"""What `pytest --markers` says of the marker netns_mysqld."""

_USAGE = 'write @pytest.mark.netns("red"), or several names, or none for the sandbox\'s own namespace'


_MARKERS = pytest.StashKey[list[pytest.Mark]]()


def markers_of(node: pytest.Item) -> list[pytest.Mark]:
    """Return the ``netns`` markers of a test, the nearest first; looked for once, which is dear for many tests."""
    found = node.stash.get(_MARKERS, None)
    if found is None:
        found = node.stash[_MARKERS] = list(node.iter_markers("netns"))
    return found


def names_of(node: pytest.Item) -> tuple[str, ...] | None:
    """Return the names of the nearest ``netns`` marker, () for one without, None where there is no marker.

    Raises MarkerError where it has other arguments than names and ``topology=``.
    """
    if not (markers := markers_of(node)):
        return None
    marker = markers[0]
    where = f"@pytest.mark.netns of {node.nodeid}"
    unknown = [name for name in marker.kwargs if name != "topology"]
    if unknown:
        raise MarkerError(
            f"netns takes no {', '.join(unknown)}=, only names and topology=", where=where, remedies=[_USAGE]
        )
    wrong = [argument for argument in marker.args if not isinstance(argument, str)]
    if wrong:
        raise MarkerError(f"netns takes names, and {in_short(wrong[0])} is none", where=where, remedies=[_USAGE])
    twice = sorted({name for name in marker.args if marker.args.count(name) > 1})
    if twice:
        raise MarkerError(f"netns names {', '.join(twice)} twice", where=where, remedies=["name it once"])
    return tuple(marker.args)


def topologies_of(node: pytest.Item, session: NetnsSession) -> tuple[Topology, ...]:
    """Return the topologies that a test runs over: the nearest marker's with ``topology=``, else the session's.

    Raises MarkerError, TopologyError, EndpointError.
    """
    for marker in markers_of(node):
        choice = marker.kwargs.get("topology")
        if choice is None:
            continue
        if not isinstance(choice, str):
            raise MarkerError(
                f"netns takes topology= as text, and this is {in_short(choice)}",
                where=f"@pytest.mark.netns of {node.nodeid}",
                remedies=['write topology="red-blue", a TOML file beside the test, or several with commas'],
            )
        try:
            return session.topologies.named(choice, node.path.parent)
        except NetnsError as error:
            error.where = f"{error.where or choice}, for @pytest.mark.netns of {node.nodeid}"
            raise
    return session.topologies.of_settings


def topology_of(item: pytest.Item, session: NetnsSession) -> Topology:
    """Return the topology that a test runs over; raise MarkerError where a test of its kind cannot have it."""
    topology: Topology | None = pytest_internals.parameters(item).get(TOPOLOGY)
    if topology is not None:
        return topology
    topologies = topologies_of(item, session)
    if topologies != session.topologies.of_settings[:1]:
        names = ", ".join(topology.name for topology in topologies)
        raise MarkerError(
            f"a test of this kind, such as a unittest.TestCase's, runs over the run's one topology, not over {names}",
            where=f"netns test {item.nodeid}",
            remedies=["make it a plain test function or method", "choose one topology for the run that it is in"],
        )
    return topologies[0]


def choice_of(item: pytest.Item, session: NetnsSession) -> str:
    """Return what names the server that a test runs on; raise MarkerError where several cannot be of its kind."""
    choice = pytest_internals.parameters(item).get(CHOICE)
    if choice is not None:
        return str(choice)
    choices = session.kinds.choices
    if len(choices) > 1:
        raise MarkerError(
            f"a test of this kind, such as a unittest.TestCase's, runs on one server, not on {', '.join(choices)}",
            where=f"netns test {item.nodeid}",
            remedies=["make it a plain test function or method", "choose one server for the run that it is in"],
        )
    return choices[0]


def check_names(names: Sequence[str], topologies: Sequence[Topology], nodeid: str) -> None:
    """Raise UnknownNamespaceError, listing the known names, where no topology has one of these."""
    from pytest_netns_mysql.endpoint import GLOBAL
    from pytest_netns_mysql.topology.lookup import unknown_namespace

    for name in names:
        if name != GLOBAL and not any(name in topology.namespaces for topology in topologies):
            raise unknown_namespace(name, *topologies, where=f"@pytest.mark.netns of {nodeid}")


def why_not_applicable(name: str, topology: Topology) -> str | None:
    """Say why a test of the namespace ``name`` does not run over this one of several topologies, or return None."""
    from pytest_netns_mysql.endpoint import GLOBAL

    if name == GLOBAL or name in topology.namespaces:
        return None
    known = ", ".join(topology.namespaces)
    return f"not applicable: topology {topology.name} has no namespace {name}, only {known}"


def is_netns_test(item: pytest.Item, fixtures: Iterable[str] | None = None) -> bool:
    """Tell whether a test is marked, or asks for one of our fixtures directly or through others.

    One that may ask by name (``request.getfixturevalue``) is taken for one where its module has fixtures of factories.
    ``fixtures`` are the names it asks for, where the test itself does not know them yet.
    """
    if markers_of(item):
        return True
    asked = pytest_internals.fixture_names(item) if fixtures is None else fixtures
    if not FIXTURES.isdisjoint(asked):
        return True
    if "request" not in asked:
        return False
    from pytest_netns_mysql.factories.byname import asks_its_module

    return asks_its_module(item)


def place(item: pytest.Item) -> str:
    """Return the namespace that a netns test runs in, and note it on the test.

    Raises MarkerError where a test that cannot be parametrized names several.
    """
    from pytest_netns_mysql.endpoint import GLOBAL

    names = names_of(item) or (GLOBAL,)
    parameter = pytest_internals.parameters(item).get(PARAMETER)
    if parameter is not None:
        name = str(parameter)
    elif len(names) == 1:
        name = names[0]
    else:
        raise MarkerError(
            f"a test of this kind, such as a unittest.TestCase's, cannot run once in each of {', '.join(names)}",
            where=f"@pytest.mark.netns of {item.nodeid}",
            remedies=["name one namespace, or make it a plain test function or method"],
        )
    item.stash[NAMESPACE] = name
    return name
