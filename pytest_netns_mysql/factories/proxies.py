"""Make fixtures of proxies: what factories.proxy and factories.router are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.factories.declared import ProxyDeclaration, name_of
from pytest_netns_mysql.factories.making import Scope, check_arguments, fixture_name, make_fixture, needed, one_server
from pytest_netns_mysql.run.session import SESSION

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
    """Return a fixture that runs a proxy in ``namespace``, in front of a server; clients go to its ``endpoint``.

    ``argv`` is its command line, in which {address} and {port} are where it is to listen, {server_address} and
    {server_port} where the server is for a client of the namespace, and {folder} is a private folder; or a function
    that is given the Proxy and returns the command line, so that it can write a configuration into ``proxy.folder``.
    It is to stay in the foreground. ``mysqld`` is the server's fixture, by name or as a factory returned it, or a
    group's, whose primary it is then. Raises ProxyError where the proxy ends, or no server greets through it within
    netns_start_timeout.
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
    """Return a fixture that runs MySQL Router in ``namespace``, as ``proxy`` runs any program.

    It is taken from PATH, from the cache, or fetched into that. Its configuration is one static route, without a
    bootstrap. Raises ProxyError. See the manual of MySQL Router, "Basic Connection Routing".
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
    server = one_server(needed(request, name_of(mysqld, request._pyfuncitem)))
    timeout = request.config.stash[SESSION].settings.start_timeout
    return Proxy(name, argv, server, namespace=namespace, port=port, timeout=timeout)
