"""Factories of fixtures that start a proxy or MySQL Router."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.factories.declared import ProxyDeclaration, name_of
from pytest_netns_mysql.factories.making import Scope, check_arguments, fixture_name, make_fixture, needed, one_server
from pytest_netns_mysql.run.pytest_internals import item_of
from pytest_netns_mysql.run.stash import session_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pytest_netns_mysql.mysql.proxies.proxy import Argv, Proxy
    from pytest_netns_mysql.mysql.proxies.router import RouterProgram

_PORT = 6446  # MySQL Router's own choice for the classic protocol

Mysqld = str | Callable[..., Any]


def proxy(
    argv: Argv,
    *,
    mysqld: Mysqld = "netns_mysqld",
    namespace: str,
    port: int = _PORT,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[Proxy]]:
    """Return a fixture that runs a proxy in a namespace, in front of a server.

    Clients connect to the ``endpoint`` of the fixture's value.

    Args:
        argv: The command line of a program that stays in the foreground. The placeholders {address} and {port} are
            where the proxy listens, {server_address} and {server_port} where a client of the namespace reaches the
            server, and {folder} is a private folder. A function gets the Proxy and returns the command line, so that it
            can write a configuration into ``proxy.folder``.
        mysqld: The fixture of the server, by name or as a factory returned it, or the fixture of a group, whose primary
            is meant then.
        namespace: The namespace that the proxy runs in.
        port: The port that the proxy listens on.
        scope: The scope of the fixture.
        name: The name of the fixture. Default: the name that the fixture is assigned to.

    Returns:
        The fixture. Its value is the running Proxy. Requesting it raises ProxyError if the proxy ends, or if no server
        answers through it within netns_start_timeout.
    """
    check_arguments("proxy", locals())

    def running(request: pytest.FixtureRequest, _netns_servers: object) -> Iterator[Proxy]:
        with _running(request, argv, mysqld, namespace, port) as running:
            yield running

    declaration = ProxyDeclaration("proxy", name, (namespace,), needs=(mysqld,), argv=argv, port=port)
    return make_fixture(running, declaration, scope, name)


def router(
    mysqld: Mysqld = "netns_mysqld",
    *,
    namespace: str,
    port: int = _PORT,
    scope: Scope = "session",
    name: str | None = None,
) -> Callable[..., Iterator[Proxy]]:
    """Return a fixture that runs MySQL Router in a namespace, as ``proxy`` runs any program.

    The program is taken from PATH, from the cache, or fetched into the cache. The configuration has one static route
    and needs no bootstrap. See the manual of MySQL Router, "Basic Connection Routing". The arguments are those of
    ``proxy``.

    Returns:
        The fixture. Its value is the running Proxy.
    """
    check_arguments("router", locals())

    def running(
        request: pytest.FixtureRequest, _netns_router: RouterProgram, _netns_servers: object
    ) -> Iterator[Proxy]:
        from pytest_netns_mysql.mysql.proxies.router import argv

        with _running(request, partial(argv, _netns_router.path), mysqld, namespace, port) as running:
            yield running

    declaration = ProxyDeclaration("router", name, (namespace,), needs=(mysqld,), port=port)
    return make_fixture(running, declaration, scope, name)


def _running(
    request: pytest.FixtureRequest, argv: Argv, mysqld: Mysqld, namespace: str, port: int
) -> AbstractContextManager[Proxy]:
    from pytest_netns_mysql.mysql.proxies.proxy import Proxy

    name = fixture_name(request)
    server = one_server(needed(request, name_of(mysqld, item_of(request))))
    timeout = session_of(request.config).settings.start_timeout
    return Proxy(name, argv, server, namespace=namespace, port=port, timeout=timeout)
