"""The factory of fixtures that open a connection."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import LoadError
from pytest_netns_mysql.factories.declared import ClientDeclaration, name_of
from pytest_netns_mysql.factories.making import (
    check_arguments,
    entries_from_caller,
    fixture_name,
    make_fixture,
    one_server,
)
from pytest_netns_mysql.run.pytest_internals import item_of
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.drivers.driver import Driver
    from pytest_netns_mysql.mysql.load.loads import Entries, Load
    from pytest_netns_mysql.mysql.server import MySQLServer


def client(
    mysqld: str | Callable[..., Any] = "netns_mysqld",
    *,
    namespace: str | None = None,
    endpoint: str | None = None,
    driver: Driver | None = None,
    load: Entries = (),
    name: str | None = None,
    **options: Any,
) -> Callable[..., Iterator[Any]]:
    """Return a fixture that opens a connection to a server; it is function-scoped.

    Args:
        mysqld: The fixture of the server, by name or as a factory returned it, or the fixture of a group.
        namespace: The namespace that the connection is born in. Default: the test's own.
        endpoint: The namespace whose endpoint the connection goes to. Default: the nearest; of a group the primary's.
        driver: As for netns_connect.
        load: What is loaded into the connection's schema before each test; as for ``mysqld``.
        name: The name of the fixture. Default: the name that the fixture is assigned to.
        options: Options of the driver, as for netns_connect. Without ``user`` the connection belongs to a fresh account
            that owns a fresh schema.

    Returns:
        The fixture. Its value is the open connection.

    Raises:
        LoadError: ``load`` and ``user`` are both given, or something to load does not exist (at collection).
    """
    check_arguments("client", {**locals(), "options": None})  # which are the driver's
    entries = entries_from_caller(load)
    if entries and "user" in options:
        raise LoadError(
            f"factories.client(user={options['user']!r}, load=...): load needs the schema of a fresh account, and user "
            "names an existing one",
            remedies=["leave out user", "load into the server instead: factories.mysqld(load=...)"],
        )

    def connection(
        request: pytest.FixtureRequest,
        _netns_servers: object,  # tells that a server is needed before the server's own fixture is known
        _netns_accounts: Callable[[MySQLServer], Accounts],
    ) -> Iterator[Any]:
        from pytest_netns_mysql.endpoint import GLOBAL
        from pytest_netns_mysql.mysql.clients.clients import Clients

        fixture_name(request)
        server = one_server(request.getfixturevalue(name_of(mysqld, item_of(request))), endpoint)
        with Clients(server, _netns_accounts(server), request.node.stash.get(NAMESPACE, GLOBAL)) as clients:
            if entries:
                clients.load(loads(), namespace, endpoint=endpoint, driver=driver)
            yield clients.connect(namespace, endpoint=endpoint, driver=driver, **options)

    @functools.cache
    def loads() -> tuple[Load, ...]:
        from pytest_netns_mysql.mysql.load.loads import find_loads

        return find_loads(entries, where="factories.client")

    declaration = ClientDeclaration("client", name, needs=(mysqld,), load=entries)
    return make_fixture(connection, declaration, "function", name)
