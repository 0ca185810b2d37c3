"""The connections of one test: opened as its accounts, closed at its end."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Any

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.accounts import Account, Accounts
from pytest_netns_mysql.mysql.client import Driver
from pytest_netns_mysql.mysql.server import MySQLServer


class Clients:
    """Open connections from any namespace; close them all when the block ends."""

    def __init__(self, server: MySQLServer, accounts: Accounts, namespace: str) -> None:
        """Keep the server, the test's accounts and the test's own namespace."""
        self._server = server
        self._accounts = accounts
        self._namespace = namespace
        self._open: list[Any] = []

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in reversed(self._open):
            # A driver may complain of a connection that the test closed, or that a killed server left.
            with contextlib.suppress(Exception):
                connection.close()
        self._open.clear()

    def connect(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Connect from ``namespace`` to ``endpoint`` as ``account``; see the fixture netns_connect.

        Raises UnknownNamespaceError, EndpointError, ClientError, and what the driver raises.
        """
        name = self._namespace if namespace is None else namespace
        if account is not None and not isinstance(account, Account):
            raise ClientError(
                f"account={account!r} is no account",
                remedies=["pass what netns_account returned", "for a user of the server's own: user=..., password=..."],
            )
        place = self._place(name, endpoint)
        if "user" not in options:
            known = account if account is not None else self._accounts.of_namespace(name, place)
            identity = {"user": known.user, "password": known.password, "database": known.schema}
            options = {key: value for key, value in identity.items() if value is not None} | options
        connection = self._server.connect(name, endpoint=place, driver=driver, **options)
        self._open.append(connection)
        return connection

    def _place(self, namespace: str, endpoint: Endpoint | str | None) -> Endpoint:
        if endpoint is None:
            return self._server.endpoint_for(namespace)
        if not isinstance(endpoint, str):
            return endpoint
        # A namespace's name holds no slash: addr/ns is the server's own way to write an endpoint.
        written = [one for one in self._server.endpoints if "/" in endpoint and str(one) == endpoint]
        return written[0] if written else self._server.endpoint(endpoint)
