"""Fixtures of a project's own that open a connection."""

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
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.drivers.connector import Driver
    from pytest_netns_mysql.mysql.load.load import Entries, Load
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
    """Return a function-scoped fixture that gives an open connection to a server.

    ``mysqld`` is the server's fixture, by name or as a factory returned it, or a group's; ``namespace`` is where the
    connection is born, by default where the test stands; ``endpoint`` names the namespace whose endpoint it goes to, by
    default the nearest, of a group the primary's; ``driver`` and ``options`` are as for netns_connect. Without
    ``user=`` it is a fresh account that owns a fresh schema. ``load``, as for ``mysqld``, is loaded into that schema
    for each test, with the schema selected; raises LoadError.
    """
    check_arguments("client", {**locals(), "options": None})  # which are the driver's
    entries = entries_from_caller(load)
    if entries and "user" in options:
        raise LoadError(
            f"factories.client(user={options['user']!r}, load=...): the schema to load into is that of a fresh account",
            remedies=["leave out user", "load into the server: factories.mysqld(load=...)"],
        )

    def connection(
        request: pytest.FixtureRequest,
        _netns_servers: object,  # it says that a server is needed, before the server's own fixture is known
        _netns_accounts: Callable[[MySQLServer], Accounts],
    ) -> Iterator[Any]:
        from pytest_netns_mysql.endpoint import GLOBAL
        from pytest_netns_mysql.mysql.clients.clients import Clients

        fixture_name(request)
        server = one_server(request.getfixturevalue(name_of(mysqld, request._pyfuncitem)), endpoint)
        with Clients(server, _netns_accounts(server), request.node.stash.get(NAMESPACE, GLOBAL)) as clients:
            if entries:
                clients.load(loads(), namespace, endpoint=endpoint, driver=driver)
            yield clients.connect(namespace, endpoint=endpoint, driver=driver, **options)

    @functools.cache
    def loads() -> tuple[Load, ...]:
        from pytest_netns_mysql.mysql.load.load import resolve

        return resolve(entries, where="factories.client")

    declaration = ClientDeclaration("client", name, needs=(mysqld,), load=entries)
    return make_fixture(connection, declaration, "function", name)
