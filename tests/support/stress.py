"""How much the stress tests do, and what they found.

``STRESS=long`` makes them do much more than a run of all tests should wait for. ``STRESS_RECORD`` names a file for what
they counted; ``make stress`` sets both, and writes the tables of ``docs/explanation/stress.md`` from that file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

IS_LONG = os.environ.get("STRESS", "short") == "long"
RECORD = os.environ.get("STRESS_RECORD")
AREAS = (
    "Hostile input",
    "Leaves nothing",
    "Load",
    "Never in the wrong namespace",
    "The host is untouched",
    "Two of everything at once",
    "Where it cannot work",
)
"""The parts of the page."""

USER = "root" if os.geteuid() == 0 else "an ordinary user"


def scaled(short: int, long: int) -> int:
    """Return how often something is done: ``short`` in a run of all tests, ``long`` in ``make stress``."""
    return long if IS_LONG else short


def check(area: str, claim: str, count: int, faults: Sequence[object], *, user: str = USER) -> None:
    """Record what a stress test counted, and fail the test if there were faults.

    Args:
        area: The part of the page, one of ``AREAS``.
        claim: The claim, the same in the short and the long form, such as "sessions whose disk is full leave nothing".
        count: How many sessions, tests or inputs were tried.
        faults: Those for which it did not hold, each with what it takes to try it again.
        user: Who tried it.
    """
    assert area in AREAS
    if RECORD is not None:
        row = {"area": area, "claim": claim, "user": user, "count": count, "faults": len(faults)}
        with Path(RECORD).open("a") as file:  # one write of a line that is appended: workers do not mix theirs
            file.write(json.dumps(row) + "\n")
    assert count > 0, f"nothing was tried: {claim}"
    shown = "\n".join(f"- {fault}" for fault in faults[:20])
    assert not faults, f"{len(faults)} of {count} failed: {claim}\n{shown}"
