"""Django's databases on ``netns_mysqld``, for projects that use pytest-django.

In a ``conftest.py``:

    from pytest_netns_mysql.django import databases

    django_db_modify_db_settings = databases()
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.run.ownfixtures import own_fixture

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.server import MySQLServer

__all__ = ["bound", "databases", "live_server"]


def databases(namespaces: Mapping[str, str] | None = None) -> Callable[..., Iterator[None]]:
    """Return a fixture that has the MySQL aliases of DATABASES lead to ``netns_mysqld``.

    Assign it to ``django_db_modify_db_settings``, which pytest-django sets up before it creates the test databases.
    Tests that use these databases are netns tests. HOST and PORT of the settings count only if they name an endpoint
    of the server, otherwise a connection goes to the nearest one. USER and PASSWORD become an account with all
    privileges, unless the server has this user.

    Args:
        namespaces: The namespaces by alias. By default an alias with the name of a namespace is bound to that
            namespace. The others follow the test: their connections are from where the code stands that opens them,
            and from ``global`` where it stands outside of all namespaces. A class's connections, as those of
            ``setUpTestData``, are from the namespace that the class is marked with.

    Returns:
        The fixture.

    Raises:
        SettingError: DATABASES has no such alias (when the fixture is set up).
        UnknownNamespaceError: The topology has no such namespace.
    """

    @pytest.fixture(scope="session")
    @own_fixture
    def django_db_modify_db_settings(
        request: pytest.FixtureRequest,
        django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001 - as pytest-django's own fixture
        netns_mysqld: MySQLServer,
    ) -> Iterator[None]:
        """The settings of Django's test databases."""
        from pytest_netns_mysql.mysql.orms import djangoaliases

        classes = _ClassScopes()
        request.config.pluginmanager.register(classes)
        try:
            with djangoaliases.bound(netns_mysqld, namespaces, outside=classes.namespace):
                yield
        finally:
            request.config.pluginmanager.unregister(classes)

    return django_db_modify_db_settings


def bound(server: MySQLServer, namespaces: Mapping[str, str] | None = None) -> AbstractContextManager[None]:
    """Have the MySQL aliases of DATABASES lead to a server until the block ends, as ``databases`` does for a run.

    Args:
        server: The server, such as ``netns_mysqld``.
        namespaces: The namespaces by alias, as for ``databases``, except that a class connects from ``global``, too.

    Raises:
        SettingError: DATABASES has no such alias.
        UnknownNamespaceError: The topology has no such namespace.
    """
    from pytest_netns_mysql.mysql.orms import djangoaliases

    return djangoaliases.bound(server, namespaces)


@pytest.fixture
def live_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A live server of Django that listens in the test's namespace, in place of pytest-django's, which is outside.

    Import it in a ``conftest.py``. The server listens on the loopback interface, or at ``--liveserver``.
    """
    from pytest_django.live_server_helper import LiveServer

    server = LiveServer(request.config.getoption("liveserver") or "localhost")
    yield server
    server.stop()


class _ClassScopes:
    """The plugin that knows the markers of the classes whose fixtures are set up now."""

    def __init__(self) -> None:
        self._stack: list[str | None] = []

    def namespace(self) -> str | None:
        """Return the namespace that the class is marked with whose fixture is set up, or None."""
        return self._stack[-1] if self._stack else None

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Note the namespace of the class, if the fixture belongs to one."""
        marker = request.node.get_closest_marker("netns") if fixturedef.scope == "class" else None
        self._stack.append(marker.args[0] if marker is not None and len(marker.args) == 1 else None)
        try:
            return (yield)
        finally:
            self._stack.pop()
