"""What hooks and fixtures leave for each other on pytest's objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.topology import Topology

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
