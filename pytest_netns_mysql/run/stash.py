"""What hooks and fixtures note of a test: pytest's keys, one place for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.model import Topology

NAMESPACE = pytest.StashKey[str]()
"""The namespace that a netns test runs in."""
MISTAKE = pytest.StashKey[str]()
"""What makes a netns test fail before its setup."""
TOPOLOGY_IN_FORCE: pytest.StashKey[Topology] = pytest.StashKey()
"""The topology that a netns test runs over, where that is known at collection."""
CHOICE_IN_FORCE = pytest.StashKey[str]()
"""What names the server of a netns test, as the setting netns_mysqld names it."""
