"""Wait for what a server is to come to, and no longer than is said."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_netns_mysql.errors import NetnsError

_POLL = 0.01  # seconds


def wait_until(condition: Callable[[], bool], *, timeout: float, error: Callable[[], NetnsError]) -> float:
    """Return when ``condition`` holds, the seconds that it took; raise ``error`` after ``timeout`` seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout:
            raise error()
        time.sleep(_POLL)
    return time.monotonic() - began
