"""The marker ``netns``: where each netns test runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.collection.netnstests import TOPOLOGY
from pytest_netns_mysql.errors import MarkerError, NetnsError, in_short
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology

PARAMETER = "netns_name"
CHOICE = "_netns_server_name"
_USAGE = 'write @pytest.mark.netns("red"), or several names, or none for the sandbox\'s own namespace'


def names_of(node: pytest.Item, markers: Sequence[pytest.Mark]) -> tuple[str, ...]:
    """Return the names in the nearest ``netns`` marker of a test; () without a marker or without names.

    Args:
        node: The test.
        markers: What ``markers_of`` returns of the test.

    Raises:
        MarkerError: The marker has other arguments than names and ``topology=``, or has a name twice.
    """
    if not markers:
        return ()
    marker = markers[0]
    if len(marker.args) == 1 and isinstance(marker.args[0], str) and not marker.kwargs:
        return marker.args
    where = f"@pytest.mark.netns of {node.nodeid}"
    unknown = [name for name in marker.kwargs if name != "topology"]
    if unknown:
        raise MarkerError(
            f"netns() takes names and topology=, got {', '.join(unknown)}=", where=where, remedies=[_USAGE]
        )
    wrong = [argument for argument in marker.args if not isinstance(argument, str)]
    if wrong:
        raise MarkerError(f"netns() takes namespace names, got {in_short(wrong[0])}", where=where, remedies=[_USAGE])
    twice = sorted({name for name in marker.args if marker.args.count(name) > 1})
    if twice:
        raise MarkerError(f"netns() has {', '.join(twice)} twice", where=where, remedies=["name each namespace once"])
    return tuple(marker.args)


def topologies_of(node: pytest.Item, markers: Sequence[pytest.Mark], session: NetnsSession) -> tuple[Topology, ...]:
    """Return the topologies that a test runs over: of the nearest marker with ``topology=``, else of the settings.

    Args:
        node: The test.
        markers: What ``markers_of`` returns of the test.
        session: The topologies of the run.

    Raises:
        MarkerError: ``topology=`` is not text.
        TopologyError: A topology cannot be read.
        EndpointError: An endpoint of a topology breaks a rule.
    """
    for marker in markers:
        choice = marker.kwargs.get("topology")
        if choice is None:
            continue
        if not isinstance(choice, str):
            raise MarkerError(
                f"netns() takes text for topology=, got {in_short(choice)}",
                where=f"@pytest.mark.netns of {node.nodeid}",
                remedies=['write topology="red-blue", a TOML file beside the test, or several with commas'],
            )
        try:
            return session.topologies.named(choice, node.path.parent)
        except NetnsError as error:
            raise error._at(f"{error.where or choice}, for @pytest.mark.netns of {node.nodeid}") from error
    return session.topologies.of_settings


def topology_of(item: pytest.Item, markers: Sequence[pytest.Mark], session: NetnsSession) -> Topology:
    """Return the topology that a test runs over; the arguments are those of ``topologies_of``.

    Raises:
        MarkerError: The test cannot be parametrized, and its topologies are not the first topology of the settings.
    """
    topology: Topology | None = pytest_internals.parameters(item).get(TOPOLOGY)
    if topology is not None:
        return topology
    topologies = topologies_of(item, markers, session)
    if topologies != session.topologies.of_settings[:1]:
        names = ", ".join(topology.name for topology in topologies)
        raise MarkerError(
            f"a test that cannot be parametrized, such as a unittest.TestCase's, cannot run over {names}",
            where=f"netns test {item.nodeid}",
            remedies=["rewrite the test as a plain function or method", "choose a single topology for the run"],
        )
    return topologies[0]


def choice_of(item: pytest.Item, session: NetnsSession) -> str:
    """Return the server that a test runs on, as the setting netns_mysqld names the server.

    Raises:
        MarkerError: The test cannot be parametrized, and the settings name several servers.
    """
    choice = pytest_internals.parameters(item).get(CHOICE)
    if choice is not None:
        return str(choice)
    choices = session.kinds.names
    if len(choices) > 1:
        raise MarkerError(
            f"a test that cannot be parametrized, such as a unittest.TestCase's, cannot run on {', '.join(choices)}",
            where=f"netns test {item.nodeid}",
            remedies=["rewrite the test as a plain function or method", "choose a single server for the run"],
        )
    return choices[0]


def check_names(names: Sequence[str], topologies: Sequence[Topology], nodeid: str) -> None:
    """Raise UnknownNamespaceError, which lists the known names, if a name is in none of the topologies."""
    for name in names:
        if any(name in topology.namespaces for topology in topologies):
            continue
        from pytest_netns_mysql.endpoint import GLOBAL
        from pytest_netns_mysql.topology.lookup import unknown_namespace

        if name != GLOBAL:
            raise unknown_namespace(name, *topologies, where=f"@pytest.mark.netns of {nodeid}")


def skip_reason(name: str, topology: Topology) -> str | None:
    """Return why a test is skipped over one of several topologies, or None if the test runs.

    Args:
        name: The namespace that the test runs in.
        topology: The topology.
    """
    if name in topology.namespaces:
        return None
    from pytest_netns_mysql.endpoint import GLOBAL

    if name == GLOBAL:
        return None
    known = ", ".join(topology.namespaces)
    return f"not applicable: topology {topology.name} has no namespace {name}, only {known}"


def place(item: pytest.Item, markers: Sequence[pytest.Mark]) -> str:
    """Return the namespace that a netns test runs in, and note the namespace in the test's stash.

    Args:
        item: The test.
        markers: What ``markers_of`` returns of the test.

    Raises:
        MarkerError: The test cannot be parametrized, and its marker has several names.
    """
    names = names_of(item, markers)
    parameter = pytest_internals.parameters(item).get(PARAMETER)
    if parameter is not None:
        name = str(parameter)
    elif not names:
        from pytest_netns_mysql.endpoint import GLOBAL

        name = GLOBAL
    elif len(names) == 1:
        name = names[0]
    else:
        raise MarkerError(
            "a test that cannot be parametrized, such as a unittest.TestCase's, cannot run in each of "
            f"{', '.join(names)}",
            where=f"@pytest.mark.netns of {item.nodeid}",
            remedies=["name one namespace", "rewrite the test as a plain function or method"],
        )
    item.stash[NAMESPACE] = name
    return name
