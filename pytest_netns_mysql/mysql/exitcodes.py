"""How programs end, in words."""

from __future__ import annotations

import signal


def how_it_ended(code: int | None) -> str:
    """Return how a program ended, from its Popen.returncode: a negative one is a signal's number."""
    if code is None or code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
