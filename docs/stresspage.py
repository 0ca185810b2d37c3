"""The page of what the stress tests counted, made from ``stress.json``; ``merge`` takes in those of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypedDict

FIGURES = Path(__file__).parent / "explanation" / "stress.json"
USERS = ("root", "an ordinary user")
INTRODUCTION = """\
# Under stress

`make stress` ends sessions in every way, moves tests between namespaces at random, opens connections by the thousand,
damages the cache, takes away what a machine needs, and feeds in hostile input. Each row is a claim: how often its last
run tried the claim, and how often the claim did not hold. CI runs a short form of the same tests on each change.
[Security](security.md) says who can do what to whom.
"""


class Figure(TypedDict):
    """What one stress test counted.

    Attributes:
        area: The table it belongs to.
        claim: What is claimed.
        user: Who tried it: one of ``USERS``.
        count: How many sessions, tests or inputs were tried.
        faults: For how many of them it did not hold.
    """

    area: str
    claim: str
    user: str
    count: int
    faults: int


def page() -> str:
    """Return the page: a table for each area, a row for each claim."""
    figures: list[Figure] = json.loads(FIGURES.read_text())
    lines = [INTRODUCTION.rstrip()]
    for area, rows in groupby(figures, itemgetter("area")):
        lines += ["", f"## {area}", "", "| claim | tried as root | as an ordinary user | did not hold |"]
        lines += ["|---|--:|--:|--:|", *_rows(list(rows))]
    return "\n".join(lines) + "\n"


def _rows(figures: list[Figure]) -> Iterator[str]:
    for claim, rows in groupby(figures, itemgetter("claim")):
        by_user = {row["user"]: row for row in rows}
        counts = [f"{by_user[user]['count']:,}" if user in by_user else "" for user in USERS]
        faults = sum(row["faults"] for row in by_user.values())
        yield f"| {claim} | {' | '.join(counts)} | {faults} |"


def merge(record: Path, *, is_whole: bool) -> None:
    """Put the figures of a run in the place of those of an earlier run.

    Args:
        record: The file that ``STRESS_RECORD`` named, a JSON object in each line. Rows of a claim and user are summed.
        is_whole: Whether the run tried everything: what its users did not try is then removed. Otherwise it is kept.
    """
    found: dict[tuple[str, str, str], Figure] = {}
    for line in record.read_text().splitlines():
        row: Figure = json.loads(line)
        known = found.setdefault((row["area"], row["claim"], row["user"]), {**row, "count": 0, "faults": 0})
        known["count"] += row["count"]
        known["faults"] += row["faults"]
    before: list[Figure] = json.loads(FIGURES.read_text()) if FIGURES.exists() else []
    users = {user for _, _, user in found} if is_whole else set()
    kept = [row for row in before if row["user"] not in users and (row["area"], row["claim"], row["user"]) not in found]
    figures = sorted([*kept, *found.values()], key=itemgetter("area", "claim", "user"))
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
