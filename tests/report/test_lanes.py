"""The layout of timelines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_netns_mysql.report.lanes import bars_of_tests, timeline
from pytest_netns_mysql.report.reportdata import Event, FaultState
from tests.support import reportdata

pytestmark = pytest.mark.oldest_python

BEGAN = reportdata.BEGAN


def test_lanes_without_anything_in_them_are_left_out() -> None:
    assert [lane.title for lane in timeline(reportdata.unreachable()).lanes] == [
        "Test",
        "Connections",
        "Faults",
        "Failure",
    ]


def test_events_lie_on_the_axis_in_proportion_to_their_times() -> None:
    events = (Event(BEGAN + 4, "failure", "end"), Event(BEGAN, "step", "start"), Event(BEGAN + 1, "log", "line"))
    test = replace(reportdata.passed(began=BEGAN), duration=4.0, timeline=events)
    line = timeline(test)
    assert [(lane.kind, lane.marks[0].left) for lane in line.lanes] == [("step", 0), ("log", 25), ("failure", 100)]
    assert [row.event.text for row in line.rows] == ["start", "line", "end"]
    assert [row.gap for row in line.rows] == [0, 1, 3]
    assert line.ticks == ((0, "0"), (25, "1 s"), (50, "2 s"), (75, "3 s"), (100, "4 s"))


def test_a_fault_lasts_until_it_is_healed_or_to_the_end() -> None:
    faults = (
        FaultState("of an earlier test", (), BEGAN - 10, BEGAN + 1),
        FaultState("in force", (), BEGAN + 3, None),
    )
    test = replace(reportdata.passed(began=BEGAN), duration=4.0, faults=faults)
    (lane,) = timeline(test).lanes
    assert [(bar.left, bar.width) for bar in lane.bars] == [(0, 25), (75, 25)]


@pytest.mark.parametrize("length", [0.0, 0.0004, 0.03, 0.9, 7, 59, 4000])
def test_an_axis_has_a_few_round_times(length: float) -> None:
    lefts = [left for left, _ in timeline(replace(reportdata.passed(), duration=length)).ticks]
    assert len(lefts) in range(2, 6)
    assert lefts == sorted(lefts)
    assert (lefts[0], lefts[-1] <= 100) == (0, True)


def test_tests_that_ran_at_once_lie_in_rows_of_their_own() -> None:
    tests = [
        replace(reportdata.passed(number, BEGAN + at), duration=duration)
        for number, (at, duration) in enumerate([(0, 2), (1, 2), (2, 1)])
    ]
    bars, rows = bars_of_tests(reportdata.run(*tests))
    assert [(bar.index, bar.row) for bar in bars] == [(0, 0), (1, 1), (2, 0)]
    assert rows == 2
