"""Which tests are netns tests.

Every pytest run asks this, so this module imports nothing that only netns tests need.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest

from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import PLACES, own_markers

TOPOLOGY = "netns_topology"
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

_FACTORIES = "pytest_netns_mysql.factories.making"
_DJANGO = "pytest_django"


def markers_of(node: pytest.Item) -> list[pytest.Mark]:
    """Return the ``netns`` markers of a test, the nearest marker first."""
    return [mark for _, mark in own_markers(node).get(PLACES, ())]


def is_netns_test(item: pytest.Item, fixtures: Iterable[str] | None = None) -> bool:
    """Return True if a test has the marker, or asks for one of our fixtures directly or through others.

    A test that may call ``request.getfixturevalue`` is a netns test if its module has fixtures of factories.

    Args:
        item: The test.
        fixtures: The names of the fixtures that the test asks for; None for those that the test knows itself.
    """
    if PLACES in own_markers(item):
        return True
    asked = pytest_internals.fixture_names(item) if fixtures is None else fixtures
    if not FIXTURES.isdisjoint(asked):
        return True
    if _DJANGO in sys.modules:
        from pytest_netns_mysql.collection import djangotests

        if djangotests.asks_for_server(item, FIXTURES):
            return True
    if "request" not in asked or not has_factories():
        return False
    from pytest_netns_mysql.factories.byname import may_ask_own_module

    return may_ask_own_module(item)


def has_factories() -> bool:
    """Return True if this process has made a fixture by one of our factories."""
    return _FACTORIES in sys.modules
