"""Read what ``-X importtime`` prints."""

from __future__ import annotations

import re

_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def modules(report: str) -> dict[str, int]:
    """Return the microseconds of each module's own, without what it imports in turn."""
    return {match[2]: int(match[1]) for match in map(_LINE.match, report.splitlines()) if match}


def packages(spent: dict[str, int]) -> list[tuple[str, int]]:
    """Sum modules by their top package; return the largest first."""
    sums: dict[str, int] = {}
    for name, microseconds in spent.items():
        package = name.partition(".")[0]
        sums[package] = sums.get(package, 0) + microseconds
    return sorted(sums.items(), key=lambda item: -item[1])
