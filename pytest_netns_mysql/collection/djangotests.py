"""Tests of pytest-django, which ask for Django's databases by a marker or a class, not by an argument."""

from __future__ import annotations

import functools
import sys
from collections.abc import Collection
from typing import Any

import pytest

from pytest_netns_mysql.errors import MarkerError
from pytest_netns_mysql.run import pytest_internals

_SETTINGS = "django_db_modify_db_settings"
_SERVERS = ("_netns_servers", "netns_mysqld")
_FIXTURES = frozenset({"db", "transactional_db", "live_server", "django_db_setup"})
_DEFAULT = "default"
_OURS = "pytest_netns_mysql.django"


def asks_for_server(item: pytest.Item, own_fixtures: Collection[str]) -> bool:
    """Return True if a test uses Django's databases, and the project has them set up with fixtures of ours.

    Args:
        item: The test.
        own_fixtures: The names of our fixtures.
    """
    return bool(_databases_of(item)) and item.parent is not None and _needs(item.parent, frozenset(own_fixtures))


def settle(item: pytest.Item) -> None:
    """Have a netns test that uses Django's databases ask for the server, so that it is found and started in time.

    Raises:
        MarkerError: The databases are MySQL's, and no namespace is given for their connections.
    """
    aliases = _databases_of(item)
    if not aliases:
        return
    if _OURS in sys.modules:
        missing = {*_SERVERS}.difference(pytest_internals.fixture_names(item))
        if missing and asks_for_server(item, frozenset(_SERVERS)):
            pytest_internals.append_fixtures(item, sorted(missing))
        return
    from django.conf import settings

    databases = settings.DATABASES if settings.configured else {}
    known = [alias for alias in databases if alias in aliases or "__all__" in aliases]
    wrong = [alias for alias in known if "mysql" in databases[alias].get("ENGINE", "")]
    if wrong:
        raise MarkerError(
            f"this netns test uses Django's MySQL database {', '.join(wrong)}, and nothing says from which namespace: "
            "Django connects before the test, outside of all namespaces, and keeps connections open for later tests",
            where=item.nodeid,
            remedies=[
                "write in conftest.py: from pytest_netns_mysql.django import databases",
                "and: django_db_modify_db_settings = databases()",
                "or in a django_db_modify_db_settings of your own: with pytest_netns_mysql.django.bound(netns_mysqld): "
                "yield",
            ],
        )


def _databases_of(item: pytest.Item) -> Collection[str]:
    """Return the aliases of the databases that a test uses, ``__all__`` for all of them; () without any."""
    testcases: Any = sys.modules.get("django.test.testcases")
    cls = getattr(item, "cls", None)
    if testcases is not None and cls is not None and issubclass(cls, testcases.SimpleTestCase):
        return _as_names(cls.databases)
    marker = item.get_closest_marker("django_db")
    if marker is not None:
        databases = marker.kwargs.get("databases", marker.args[2] if len(marker.args) > 2 else None)
        return (_DEFAULT,) if databases is None else _as_names(databases)
    return () if _FIXTURES.isdisjoint(pytest_internals.fixture_names(item)) else (_DEFAULT,)


def _as_names(databases: Any) -> Collection[str]:
    return (databases,) if isinstance(databases, str) else tuple(databases)


@functools.lru_cache(maxsize=1)  # pytest collects the tests of a module together
def _needs(parent: Any, wanted: frozenset[str]) -> bool:
    """Return True if the fixture of Django's settings, as tests below a node see it, needs one of the fixtures."""
    seen: set[str] = set()
    names = [_SETTINGS]
    while names:
        name = names.pop()
        if name in wanted:
            return True
        if name not in seen:
            seen.add(name)
            for definition in pytest_internals.definitions_of(name, parent):
                names += pytest_internals.arguments_of(definition)
    return False
