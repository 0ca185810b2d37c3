"""What a failing netns test shows: where it stood, where the server listens, what the server said."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest

from pytest_netns_mysql.session import NAMESPACE, NetnsSession

_LOG_LINES = 15


def sections(item: pytest.Item, session: NetnsSession, since: datetime) -> list[tuple[str, str]]:
    """Return the sections, as title and text, that a failing test's report gets.

    Of an error log it has what was written ``since``, 15 lines at most.
    """
    name = item.stash[NAMESPACE]
    lines = [f"namespace: {name}"]
    if session.network is not None:
        with contextlib.suppress(LookupError):
            lines.append(f"addresses: {', '.join(map(str, session.network[name].addresses))}")
        lines.append(f"topology: {session.network.topology.name} ({session.network.topology.source})")
    from pytest_netns_mysql.mysql.errorlog import ErrorLog

    found: list[tuple[str, str]] = []
    for server in (one for one in session.servers if one.network is session.network):
        lines.append(f"{server.name}: {server.describe()}")
        said = ErrorLog(server.error_log).since(since)[-_LOG_LINES:]
        if said:
            found.append((f"error log of {server.name}", "\n".join(said)))
    return [("netns", "\n".join(lines)), *found]
