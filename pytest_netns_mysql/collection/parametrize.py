"""The parameters of netns tests, topology, server and namespace, and the errors that are found at collection."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection.marker import (
    CHOICE,
    PARAMETER,
    check_names,
    choice_of,
    names_of,
    place,
    skip_reason,
    topologies_of,
    topology_of,
)
from pytest_netns_mysql.collection.mistakes import check_servers
from pytest_netns_mysql.collection.netnstests import TOPOLOGY, markers_of
from pytest_netns_mysql.collection.requirement import requirements_of
from pytest_netns_mysql.errors import MarkerError, NetnsError
from pytest_netns_mysql.factories.byname import is_of_factory
from pytest_netns_mysql.kernel.linuxonly import platform_error
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.leftovers import mode_of
from pytest_netns_mysql.run.ownfixtures import is_own
from pytest_netns_mysql.run.stash import (
    LEFTOVERS,
    MISTAKE,
    REQUIREMENTS,
    SERVER_NAME,
    TOPOLOGY_IN_FORCE,
    own_markers,
)

if TYPE_CHECKING:
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology


def parametrize(metafunc: pytest.Metafunc, session: NetnsSession) -> None:
    """Parametrize a netns test with its topologies, the servers of the settings, and the namespaces of its marker.

    Raises:
        NetnsError: The marker is wrong, or none of the topologies has what the test asks for.
    """
    test = metafunc.definition
    if LEFTOVERS in own_markers(test):
        mode_of(test, session.settings.leftovers)
    markers = markers_of(test)
    names = names_of(test, markers)
    if not _is_overridden(TOPOLOGY, test, session):
        topologies = topologies_of(test, markers, session)
        _check(test, names, topologies, session)
        if len(session.topologies.of_settings) > 1 or topologies != session.topologies.of_settings:
            metafunc.fixturenames.append(TOPOLOGY)
            ids = [topology.name for topology in topologies]
            metafunc.parametrize(TOPOLOGY, topologies, indirect=True, scope="session", ids=ids)
    choices, can_run = session.kinds.names, platform_error() is None
    if len(choices) > 1:
        metafunc.fixturenames.append(CHOICE)
        metafunc.parametrize(
            CHOICE, choices, indirect=True, scope="session", ids=session.kinds.labels if can_run else None
        )
    if len(names) > 1:
        metafunc.fixturenames.append(PARAMETER)
        metafunc.parametrize(PARAMETER, names, ids=names)


def settle(items: Sequence[pytest.Item], session: NetnsSession) -> None:
    """Note in the stash of each netns test where the test runs, or the error with which its setup is to fail."""
    for item in items:
        try:
            _settle(item, session)
        except NetnsError as error:
            item.stash[MISTAKE] = str(error)


def _settle(item: pytest.Item, session: NetnsSession) -> None:
    own = own_markers(item)
    if LEFTOVERS in own:
        mode_of(item, session.settings.leftovers)
    markers = markers_of(item)
    name = place(item, markers)
    choice = server = item.stash[SERVER_NAME] = choice_of(item, session)
    if not _is_overridden(TOPOLOGY, item, session):
        topology = item.stash[TOPOLOGY_IN_FORCE] = topology_of(item, markers, session)
        server = session.server_over(topology, choice)
        if reason := skip_reason(name, topology):
            item.add_marker(pytest.mark.skip(reason=reason))
        if pytest_internals.is_unittest(item):  # pytest calls pytest_generate_tests for functions only
            _check(item, [name], [topology], session)
    for requirement in requirements_of(item) if REQUIREMENTS in own and platform_error() is None else ():
        if reason := requirement.skip_reason(session.kinds.find(server)):
            item.add_marker(pytest.mark.skip(reason=reason))
    _require_fixtures(item)
    _refuse_forked(item)
    _allow_sockets(item)
    if "pytest_django" in sys.modules:
        from pytest_netns_mysql.collection import djangotests

        djangotests.settle(item)


def topologies_with_mysqlx(items: Sequence[pytest.Item]) -> list[Topology | None]:
    """Return the topologies over which tests ask for X DevAPI sessions; None for a topology that is not known yet."""
    over: list[Topology | None] = []
    for item in items:
        topology = item.stash.get(TOPOLOGY_IN_FORCE, None)
        if "netns_mysqlx" in pytest_internals.fixture_names(item) and topology not in over:
            over.append(topology)
    return over


def needing_default_server(items: Sequence[pytest.Item], session: NetnsSession) -> list[pytest.Item]:
    """Return the tests that will ask for our netns_mysqld on the first server, over a known topology."""
    return [
        item
        for item in items
        if "netns_mysqld" in pytest_internals.fixture_names(item)
        and TOPOLOGY_IN_FORCE in item.stash
        and MISTAKE not in item.stash
        and item.stash[SERVER_NAME] == session.kinds.names[0]
        and item.get_closest_marker("skip") is None
        and not _is_overridden("netns_mysqld", item, session)
    ]


def _check(test: pytest.Item, names: Sequence[str], topologies: Sequence[Topology], session: NetnsSession) -> None:
    """Check the namespaces and servers of a test against the topologies that it runs over."""
    check_names(names, topologies, test.nodeid)
    for topology in topologies if platform_error() is None else ():
        if not names or any(skip_reason(name, topology) is None for name in names):
            check_servers(test, topology, session)


def _is_overridden(fixture: str, item: pytest.Item, session: NetnsSession) -> bool:
    """Return True if the project of a test overrides one of our fixtures."""
    key = fixture, item.parent
    if key not in session.overridden:
        functions = map(pytest_internals.function_of, pytest_internals.definitions_of(fixture, item)[-1:])
        session.overridden[key] = any(not is_own(function) or is_of_factory(function) for function in functions)
    return session.overridden[key]


def _require_fixtures(item: pytest.Item) -> None:
    """Raise MarkerError for a marked test without fixtures: nothing would build its network."""
    if not pytest_internals.has_fixtures(item):
        raise MarkerError(
            "the netns marker works only on Python tests",
            where=item.nodeid,
            remedies=["use `netns-mysql run --netns NAME -- pytest ...` for tests of other kinds"],
        )


def _refuse_forked(item: pytest.Item) -> None:
    """Raise MarkerError for a single test that pytest-forked runs in a child process: the child has no server.

    With --forked all tests run in children, and each child makes its own sandbox and server.
    """
    runs_some_forked = item.config.pluginmanager.has_plugin("pytest_forked") and not item.config.option.forked
    if runs_some_forked and item.get_closest_marker("forked") is not None:
        raise MarkerError(
            "pytest-forked runs this test in a child process, which cannot use the sandbox and the servers of the run",
            where=f"@pytest.mark.forked of {item.nodeid}",
            remedies=["remove the marker", "run these tests separately, with pytest --forked"],
        )


def _allow_sockets(item: pytest.Item) -> None:
    """Have pytest-socket allow the sockets of a netns test, which reach its sandbox alone, unless a marker forbids."""
    options = item.config.option
    is_restricted = getattr(options, "disable_socket", False) or getattr(options, "allow_hosts", None)
    if is_restricted and not any(map(item.get_closest_marker, ("disable_socket", "allow_hosts"))):
        item.add_marker("enable_socket")
