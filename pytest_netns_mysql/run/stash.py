"""What hooks and fixtures leave for each other on pytest's objects."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology

SESSION: pytest.StashKey[NetnsSession] = pytest.StashKey()
"""Of the config: what the hooks and fixtures of this process share. A run without netns tests does not have the key."""

WAKE = pytest.StashKey[Callable[[], object]]()
"""Of the config: the function that registers the hooks for netns tests, which makes the value of SESSION."""

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


def session_of(config: pytest.Config) -> NetnsSession:
    """Return what the hooks and fixtures of this process share; a fixture may be the first that asks for it."""
    if SESSION not in config.stash:
        config.stash[WAKE]()
    return config.stash[SESSION]
