"""What a run shows of its servers, and a failing netns test of where it stood and of what the server said."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest

from pytest_netns_mysql.run.session import NetnsSession
from pytest_netns_mysql.run.stash import CHOICE_IN_FORCE, NAMESPACE

_LOG_LINES = 15
ORDER = (
    "netns: without root, netns tests run after all others; the order that a plugin or an option gave is kept "
    "among the netns tests, and among the others"
)
"""What is shown where netns tests come last, though another order was asked for."""


def sections(item: pytest.Item, session: NetnsSession, since: datetime) -> list[tuple[str, str]]:
    """Return the sections, as title and text, that a failing test's report gets.

    Of an error log it has what was written ``since``, 15 lines at most.
    """
    name = item.stash[NAMESPACE]
    lines = [f"namespace: {name}"]
    if session.networks.current is not None:
        with contextlib.suppress(LookupError):
            lines.append(f"addresses: {', '.join(map(str, session.networks.current[name].addresses))}")
        lines.append(f"topology: {session.networks.current.topology.name} ({session.networks.current.topology.source})")
    from pytest_netns_mysql.mysql.kinds.provenance import provenance
    from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog

    if (kind := session.kinds.found(item.stash.get(CHOICE_IN_FORCE, None))) is not None:
        lines.append(f"server: {provenance(kind)}")

    found: list[tuple[str, str]] = []
    for server in (one for one in session.servers.running if one.network is session.networks.current):
        other = f", {provenance(server.plan.kind)}" if server.plan.kind != kind else ""
        lines.append(f"{server.name}: {server.describe()}{other}")
        said = ErrorLog(server.error_log).since(since)[-_LOG_LINES:]
        if said:
            found.append((f"error log of {server.name}", "\n".join(said)))
    return [("netns", "\n".join(lines)), *found]


def servers(session: NetnsSession) -> list[str]:
    """Return a line for each server of the settings, as far as it is on this machine: nothing is fetched for it."""
    from pytest_netns_mysql.mysql.kinds.provenance import provenance

    lines = []
    for choice in session.kinds.choices:
        kind = session.kinds.if_known(choice)
        told = "not on this machine yet" if kind is None else provenance(kind)
        lines.append(f"netns: {choice} is {told}")
    return lines
