"""Which entries of the cache are in use now: by running sessions, and by running programs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pytest_netns_mysql.live.sessions import Server, sessions
from pytest_netns_mysql.mysql.cache.contents import Entry


def use_of(entry: Entry, path: Path) -> str | None:
    """Return what uses an entry of the cache that is at ``path`` now, or None.

    A session may start another server at any time, from the same program and the same data directory: a fresh one for a
    test that asks for it, for example.
    """
    if entry.kind == "states":
        return None
    for session in sessions():
        if any(_is_from(server, entry) for server in session.servers):
            return f"process {session.known_as} uses it for its servers"
    return _program_in(path) if entry.kind == "servers" else None


def _is_from(server: Server, entry: Entry) -> bool:
    if entry.kind == "servers":
        return server.programs is not None and Path(server.programs).is_relative_to(entry.path)
    is_same_cache = Path(server.cache) == entry.path.parent.parent
    return is_same_cache and entry.name.startswith(f"{server.label}-")


def _program_in(folder: Path) -> str | None:
    """Return which process runs a program in a folder; programs of other users cannot be seen."""
    start = f"{folder.resolve()}{os.sep}"
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - only the names
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/exe").startswith(start):  # noqa: PTH115
                return f"process {pid} runs a program in it"
    return None
