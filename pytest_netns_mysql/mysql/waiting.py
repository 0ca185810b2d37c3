"""Waiting for a condition, never longer than a number of seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetnsError

_PAUSE = 0.01  # seconds


def wait_until(
    condition: Callable[[], bool], *, timeout: float, error: Callable[[], NetnsError], pause: float = _PAUSE
) -> float:
    """Wait until a condition holds.

    Args:
        condition: Called until it returns True; what it raises ends the wait.
        timeout: The longest wait in seconds.
        error: Makes the error for a condition that does not hold in time.
        pause: Seconds between two calls.

    Returns:
        The seconds that it took.

    Raises:
        NetnsError: What ``error`` made.
    """
    began = clock.monotonic()
    if not becomes_true(condition, timeout=timeout, pause=pause):
        raise error()
    return clock.monotonic() - began


def becomes_true(condition: Callable[[], bool], *, timeout: float, pause: float = _PAUSE) -> bool:
    """Return True as soon as a condition holds, and False if it does not hold in time; arguments as for wait_until."""
    deadline = clock.monotonic() + timeout
    while not condition():
        if clock.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
