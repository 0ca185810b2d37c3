"""Sections in the report of a failed netns test, and lines about the servers of a run."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import NAMESPACE, SERVER_NAME

if TYPE_CHECKING:
    from pytest_netns_mysql.run.session import NetnsSession

_MAX_LOG_LINES = 15
ORDER = (
    "netns: without root, netns tests run after all others; the order that a plugin or an option gave is kept "
    "among the netns tests, and among the others"
)
"""The note on a run that was given another order than netns tests last."""


def sections(item: pytest.Item, session: NetnsSession, since: float) -> list[tuple[str, str]]:
    """Return the sections, as title and text, for the report of a failed test.

    Args:
        item: The test.
        session: The networks and servers of the run.
        since: The start of the test, in seconds since the epoch; older lines of error logs are left out, and all but
            the last 15 lines.
    """
    from pytest_netns_mysql.mysql.kinds.provenance import provenance
    from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog

    name, network = item.stash[NAMESPACE], session.networks.current
    lines = [f"namespace: {name}"]
    if network is not None:
        with contextlib.suppress(LookupError):
            lines.append(f"addresses: {', '.join(map(str, network[name].addresses))}")
        lines.append(f"topology: {network.topology.name} ({network.topology.source})")
    kind = session.kinds.found(item.stash.get(SERVER_NAME, None))
    if kind is not None:
        lines.append(f"server: {provenance(kind)}")

    logs: list[tuple[str, str]] = []
    for server in session.servers.running:
        if server.network is not network:
            continue
        other_kind = f", {provenance(server.spec.kind)}" if server.spec.kind != kind else ""
        lines.append(f"{server.name}: {server.describe()}{other_kind}")
        logged = ErrorLog(server.error_log).since(datetime.fromtimestamp(since, timezone.utc))[-_MAX_LOG_LINES:]
        if logged:
            logs.append((f"error log of {server.name}", "\n".join(logged)))
    return [("netns", "\n".join(lines)), *logs]


def hint_outside(fixture: pytest.FixtureDef[Any]) -> str:
    """Return a hint for a fixture of a wider scope that failed, perhaps because it ran outside of all namespaces."""
    return (
        f"the {fixture.scope}-scoped fixture {pytest_internals.name_of(fixture)} runs outside of all namespaces, where "
        'no endpoint can be reached: connect inside `with netns["red"]:` or with netns_mysqld.connect(namespace="red", '
        "...), or make the fixture function-scoped"
    )


def servers(session: NetnsSession) -> list[str]:
    """Return a line for each server of the settings. Nothing is fetched: some may not be on this machine yet."""
    from pytest_netns_mysql.mysql.kinds.provenance import provenance

    lines = []
    for choice in session.kinds.names:
        kind = session.kinds.if_known(choice)
        lines.append(f"netns: {choice} is {'not on this machine yet' if kind is None else provenance(kind)}")
    return lines
