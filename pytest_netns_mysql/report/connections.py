"""The test's attempts to connect, for its report."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.mysqld.attempts import attempt_that_raised
from pytest_netns_mysql.report.reportdata import Connection

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.attempts import Attempt
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_TLS = {True: "yes", False: "no", None: ""}


def connections(servers: Iterable[Instance], since: float, error: BaseException | None) -> tuple[Connection, ...]:
    """Return the attempts to connect to some servers, in order.

    Args:
        servers: The servers.
        since: The start of the test, in seconds since the epoch.
        error: The error that ended the test, or None.
    """
    found: list[Connection] = []
    for server in servers:
        attempts = server._attempts.since(since)
        failed = failed_attempt(attempts, error)
        origins: dict[tuple[str, str, int], str] = {}
        for attempt in attempts:
            key = attempt.namespace, attempt.endpoint.address, attempt.endpoint.port
            if key not in origins:
                origins[key] = _origin(server, attempt)
            origin = attempt.seen_from or origins[key]
            found.append(_connection(server, attempt, origin, is_failed=attempt is failed))
    return tuple(sorted(found, key=lambda connection: connection.at))


def shown(connections: Sequence[Connection]) -> Connection | None:
    """Return the connection that a short report shows: the one that ended the test, else the last one."""
    failed = [connection for connection in connections if connection.failed_test]
    return next(iter((failed or connections)[-1:]), None)


def with_account(connections: Sequence[Connection], servers: Iterable[Instance]) -> tuple[Connection, ...]:
    """Return connections, the shown one with the account that the server picks for it.

    Raises:
        NetnsError, mysql.connector.Error: The server does not answer.
    """
    wanted = shown(connections)
    server = next((server for server in servers if wanted and server.name == wanted.server), None)
    if wanted is None or server is None or not wanted.origin:
        return tuple(connections)
    from pytest_netns_mysql.mysql.access.explain import explain_login_from
    from pytest_netns_mysql.mysql.access.explanation import Origin

    account = explain_login_from(server, wanted.user, Origin(wanted.origin)).account or ""
    return tuple(replace(each, account=account) if each is wanted else each for each in connections)


def failed_attempt(attempts: Iterable[Attempt], error: BaseException | None) -> Attempt | None:
    """Return the attempt that ended with an error, or with what caused the error, or None."""
    candidates = list(attempts)
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if attempt := attempt_that_raised(error, candidates):
            return attempt
        error = error.__cause__ or error.__context__
    return None


def _origin(server: Instance, attempt: Attempt) -> str:
    """Return the origin of an attempt, or '' if it is not known.

    Behind address translation the origin is found by a connection, which a fault may let hang.
    """
    network = server.network
    if network.topology.plan.has_nat and network.fault_log.in_force:
        return ""
    with contextlib.suppress(NetnsError, OSError, LookupError):
        return server.origin(attempt.namespace, attempt.endpoint)
    return ""


def _connection(server: Instance, attempt: Attempt, origin: str, *, is_failed: bool) -> Connection:
    return Connection(
        at=attempt.at,
        server=server.name,
        namespace=attempt.namespace,
        origin=origin,
        endpoint=str(attempt.endpoint),
        port=attempt.endpoint.port,
        user=attempt.user,
        account="",
        driver=attempt.driver,
        tls=_TLS[attempt.uses_tls],
        error=" ".join(attempt.error.split()),
        failed_test=is_failed,
        errno=attempt.errno,
    )
