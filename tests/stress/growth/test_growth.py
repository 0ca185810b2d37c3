"""Nothing grows over thousands of marked tests, beside what pytest itself keeps of each test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.stress import check, scaled
from tests.support.suites import Suite

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Leaves nothing"
KINDS = 10
EACH = scaled(10, 200)
EXACT = ("files", "threads", "children", "mounts", "files of the server's folder")
OBJECTS_EACH, OBJECTS_SLACK = 50, 600  # pytest keeps reports and requests of each test
KIB_EACH, KIB_SLACK = 16, 6 * 1024
OF_MYSQLD = {"files of mysqld": 40, "threads of mysqld": 10, "KiB of mysqld": 100 * 1024}  # its caches fill


def grown(kind: str, tests: int, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what a kind of test has left, or made grow.

    Args:
        kind: The name of the test.
        tests: The number of tests between the two measurements.
        before: What was measured first.
        after: What was measured last.
    """
    faults = [f"{kind}: {name} {before[name]}, then {after[name]}" for name in EXACT if before[name] != after[name]]
    bounds = OF_MYSQLD | {"objects": OBJECTS_SLACK + OBJECTS_EACH * tests, "KiB": KIB_SLACK + KIB_EACH * tests}
    for name, bound in bounds.items():
        growth = after[name] - before[name]
        if growth > bound:
            faults.append(f"{kind}: {name} grew by {growth} in {tests} tests, from {before[name]}")
    return faults


def test_nothing_grows(suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytester: Any) -> None:
    monkeypatch.setenv("EACH", str(EACH))
    monkeypatch.setenv("RESULTS", str(tmp_path / "figures"))
    (pytester.path / "netns-topology.toml").write_text(
        '[namespaces]\nred = { address = "192.0.2.2/24", hosts = ["red.test"] }\nblue = "198.51.100.2/24"\n'
    )
    result = suite("growth/kinds")
    result.assert_outcomes(passed=KINDS * EACH)
    rows = [json.loads(line) for line in (tmp_path / "figures").read_text().splitlines()]
    assert len(rows) == 2 * KINDS
    faults = [
        fault
        for (kind, first, before), (_, last, after) in zip(rows[::2], rows[1::2], strict=True)
        for fault in grown(kind, last - first, before, after)
    ]
    check(AREA, "marked tests of ten kinds leave no open file, thread, process, mount or memory", KINDS * EACH, faults)
