"""The test's attempts to connect, for its report."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.report.model import Connection

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
    attempts = [(server, attempt) for server in servers for attempt in server.attempts.since(since)]
    failed = failed_attempt((attempt for _, attempt in attempts), error)
    found = [_connection(server, attempt, is_failed=attempt is failed) for server, attempt in attempts]
    return tuple(sorted(found, key=lambda connection: connection.at))


def failed_attempt(attempts: Iterable[Attempt], error: BaseException | None) -> Attempt | None:
    """Return the attempt that ended with an error, or with what caused the error; None if there is none."""
    candidates = list(attempts)
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for attempt in reversed(candidates):
            if attempt.is_of(error):
                return attempt
        error = error.__cause__ or error.__context__
    return None


def _connection(server: Instance, attempt: Attempt, *, is_failed: bool) -> Connection:
    origin = ""
    with contextlib.suppress(NetnsError, OSError, LookupError):
        origin = server.origin(attempt.namespace, attempt.endpoint)
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
