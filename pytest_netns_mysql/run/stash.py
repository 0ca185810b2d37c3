"""What hooks and fixtures leave for each other on pytest's objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.topology import Topology

PLACES = "netns"
LEFTOVERS = "netns_leftovers"
REQUIREMENTS = "netns_mysqld"
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

_MARKERS = pytest.StashKey[Mapping[str, Marked]]()
_OURS = frozenset({PLACES, LEFTOVERS, REQUIREMENTS})
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
