"""Whether servers stay up that a run may take, told without the cost of importing how one is taken."""

from __future__ import annotations

import os
from pathlib import Path

_SOCKETS = Path("/proc/thread-self/net/unix")


def is_allowed(setting: str) -> bool:
    """Tell whether a run may take a server that stays up: CI never does by itself."""
    return setting == "always" or (setting == "auto" and os.environ.get("CI", "").lower() in ("", "0", "false"))


def addresses() -> list[str]:
    """Return where this user's servers are offered, see proc_net(5) on /proc/net/unix."""
    shown = f"@{own()}"
    try:
        table = _SOCKETS.read_text()
    except OSError:
        return []
    names = [line.split()[-1] for line in table.splitlines()]
    return sorted({f"\0{name[1:]}" for name in names if name.startswith(shown)})


def own() -> str:
    """Return what the names of this user's begin with."""
    return f"pytest-netns-mysql/{os.geteuid()}/"
