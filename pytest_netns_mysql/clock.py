"""The time of day, also in tests that freeze the clock.

Libraries such as freezegun replace ``time.time()`` and its relatives while a test runs. What is noted meanwhile is
compared with the times that the kernel and the server note.
"""

from __future__ import annotations

import time


def now() -> float:
    """Return the time in seconds since the epoch."""
    return time.clock_gettime(time.CLOCK_REALTIME)


def monotonic() -> float:
    """Return the seconds since some moment, by a clock that nobody sets: a time-out ends also if time is frozen."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)
