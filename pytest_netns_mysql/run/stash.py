"""What hooks and fixtures leave for each other on pytest's objects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.run.fromcontroller import FromController
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology

SESSION: pytest.StashKey[NetnsSession] = pytest.StashKey()
"""Of the config: what the hooks and fixtures of this process share. A run without netns tests does not have the key."""

WAKE = pytest.StashKey[Callable[[], object]]()
"""Of the config: the function that registers the hooks for netns tests, which makes the value of SESSION."""
IN_TIME = pytest.StashKey[Collection[str]]()
"""Of the config: the plugins that change topologies or servers by a hook, and were there before collection."""
FROM_CONTROLLER: pytest.StashKey[FromController] = pytest.StashKey()
"""Of the config of a worker of xdist on another machine: what its controller has sent."""

WORKER = "PYTEST_NETNS_MYSQL_WORKER"
"""The environment variable by which the controller sends it."""

PLACES = "netns"
LEFTOVERS = "netns_leftovers"
REQUIREMENTS = "netns_mysqld"
PAUSE = "netns_pause"
"""The names of our markers."""

Marked = Sequence[tuple[Any, pytest.Mark]]
"""Markers, each with the node that has it: the test, its class, module or package."""

NAMESPACE = pytest.StashKey[str]()
"""Of a netns test: the namespace that it runs in. Other tests do not have the key."""

MISTAKE = pytest.StashKey[str]()
"""Of a netns test: the text of the error that was found at collection, with which its setup fails."""

TOPOLOGY_IN_FORCE: pytest.StashKey[Topology] = pytest.StashKey()
"""Of a netns test: the topology that it runs over, if it is known at collection."""

SERVER_NAME = pytest.StashKey[str]()
"""Of a netns test: the name of the server that it runs on, as the settings have it."""

LOOK_AHEAD = pytest.StashKey[Callable[[pytest.Session], None]]()
"""Of the config: the function that finds and fetches all servers of a run while the host's network is in reach."""

ACCOUNTS: pytest.StashKey[Collection[Accounts]] = pytest.StashKey()
"""Of a test: the accounts that it created, which are dropped when it ends."""

CAPTURE_FILE: pytest.StashKey[Path] = pytest.StashKey()
"""Of a netns test: the file with its packets, once it is written."""


def session_of(config: pytest.Config) -> NetnsSession:
    """Return what the hooks and fixtures of this process share; a fixture may be the first that asks for it."""
    if SESSION not in config.stash:
        config.stash[WAKE]()
    return config.stash[SESSION]


TEARDOWN_SECTIONS = pytest.StashKey[list[tuple[str, str]]]()
"""Of a test: sections for the report of its teardown, each a title and a text."""

_MARKERS = pytest.StashKey[Mapping[str, Marked]]()
_OURS = frozenset({PLACES, LEFTOVERS, REQUIREMENTS, PAUSE})
_NONE: Mapping[str, Marked] = {}


def own_markers(item: pytest.Item) -> Mapping[str, Marked]:
    """Return the markers of this package on a test, by name, the nearest first. They are read once for each test."""
    found = item.stash.get(_MARKERS, None)
    if found is None:
        found = item.stash[_MARKERS] = read_own_markers(item)
    return found


def read_own_markers(item: pytest.Item) -> Mapping[str, Marked]:
    """Return what ``own_markers`` does, read now and again later: other plugins may add markers meanwhile."""
    found: dict[str, list[tuple[Any, pytest.Mark]]] = {}
    node: Any = item
    while node is not None:  # not iter_markers(), which takes the time of three names for each of our names
        for mark in node.own_markers:
            if mark.name in _OURS:
                found.setdefault(mark.name, []).append((node, mark))
        node = node.parent
    return found or _NONE
