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

Ordinary tests try each thing once or a few times. `make stress` tries the same things hundreds or thousands of times,
on odd machines and with hostile input. This page shows what its last runs tried, and how often a claim did not hold.
[Security](security.md) says who can do what on a machine where tests run, and [Limits](limits.md) says where the plugin
cannot work.

The claims belong to seven areas:

- **Hostile input**: settings, topologies, arguments and commands get odd values, and reports get odd texts.
- **Leaves nothing**: runs, commands and standing servers end in every way, even by `kill -9`, and leave nothing behind.
- **Load**: many connections, namespaces, servers and workers at once, and the limits of the machine.
- **Never in the wrong namespace**: tests, threads and signal handlers move between namespaces at random moments.
- **The host is untouched**: the machine is compared before, during and after a run, and another user attacks the run.
- **Two of everything at once**: several runs use one cache, damage it and end in the middle of writing to it.
- **Where it cannot work**: the machine lacks something that a run needs, and the error must name the remedy.

Each row of the tables is a claim. The numbers say how often the claim was tried as root and as an ordinary user, and
how often it did not hold. An empty cell means that the claim was not tried as this user. Rows may come from
different runs, since a part of the tests can be run alone.

The tests are in [tests/stress](../../tests/stress). CI runs a short form of them on each change.
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
