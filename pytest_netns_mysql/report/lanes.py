"""The layout of a timeline: lanes of marks on an axis, and the events as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_netns_mysql.report.reportdata import Event, RunReport, TestReport

LANES = {
    "step": "Test",
    "connection": "Connections",
    "statement": "Statements",
    "log": "Server log",
    "fault": "Faults",
    "failure": "Failure",
}
"""The title of each lane, by the kind of its events."""

_SHORTEST = 0.01  # seconds that an axis shows at least
_STEPS = (1, 2, 5, 10)
_MOST_TICKS = 4
_LONG_GAP = 0.15  # of the whole time
_NARROWEST = 0.6  # percent of the axis that a bar takes at least


@dataclass(frozen=True)
class Bar:
    """Something that lasts, on an axis.

    Attributes:
        left: Where the bar begins, in percent of the axis.
        width: How long it is, in percent of the axis.
        text: What it stands for.
        row: The row that it lies in; bars of one row do not overlap.
        index: The position of what it stands for.
        outcome: The outcome of a test.
    """

    left: float
    width: float
    text: str
    row: int = 0
    index: int = 0
    outcome: str = ""


@dataclass(frozen=True)
class Mark:
    """An event on an axis.

    Attributes:
        left: Where it is, in percent of the axis.
        text: What happened.
    """

    left: float
    text: str


@dataclass(frozen=True)
class Lane:
    """The events of one kind.

    Attributes:
        kind: A key of LANES.
        title: The title.
        marks: The events.
        bars: The faults.
    """

    kind: str
    title: str
    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Row:
    """An event in the list of all events.

    Attributes:
        event: The event.
        offset: When it happened, in seconds since the test began.
        gap: How long nothing happened before it, in seconds, if that was long; else 0.
    """

    event: Event
    offset: float
    gap: float


@dataclass(frozen=True)
class Timeline:
    """The timeline of a test.

    Attributes:
        lanes: The lanes that have anything in them.
        ticks: The labels of the axis: where, in percent, and the text.
        rows: All events in order.
        length: What the axis shows, in seconds.
    """

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    length: float


def timeline(test: TestReport) -> Timeline:
    """Return the timeline of a test."""
    began = test.began
    events = sorted(test.timeline, key=lambda event: event.at)
    # Not to the end of a test that failed: the report was made then, which takes longer than many tests.
    length = max([_SHORTEST, *([event.at - began for event in events] or [test.duration])])

    def percent(at: float) -> float:
        return round(min(max((at - began) / length, 0.0), 1.0) * 100, 2)

    faults = []
    for fault in test.faults:
        if fault.ended is not None and fault.ended < began:
            continue
        left, right = percent(fault.began), percent(began + length if fault.ended is None else fault.ended)
        faults.append(Bar(left, max(right - left, _NARROWEST), fault.what))
    lanes = []
    for kind, title in LANES.items():
        marks = tuple(Mark(percent(event.at), event.text) for event in events if event.kind == kind)
        bars = tuple(faults) if kind == "fault" else ()
        if marks or bars:
            lanes.append(Lane(kind, title, marks, bars))
    return Timeline(tuple(lanes), _ticks(length), _rows(events, began, length), length)


def bars_of_tests(run: RunReport) -> tuple[tuple[Bar, ...], int]:
    """Return a bar for each test of a run, and the number of rows that they need: tests of several workers overlap."""
    length = max([_SHORTEST, run.duration, *(test.began + test.duration - run.began for test in run.tests)])
    ends: list[float] = []
    bars = []
    for index, test in sorted(enumerate(run.tests), key=lambda pair: pair[1].began):
        row = next((row for row, end in enumerate(ends) if end <= test.began), len(ends))
        ends[row : row + 1] = [test.began + test.duration]
        left = round(min(max((test.began - run.began) / length, 0.0), 1.0) * 100, 3)
        width = max(round(test.duration / length * 100, 3), 0.3)
        bars.append(Bar(left, width, test.nodeid, row, index, test.outcome))
    return tuple(bars), len(ends)


def _rows(events: Sequence[Event], began: float, length: float) -> tuple[Row, ...]:
    rows, before = [], began
    for event in events:
        gap = event.at - before
        rows.append(Row(event, event.at - began, gap if gap > max(_LONG_GAP * length, 0.1) else 0.0))
        before = max(before, event.at)
    return tuple(rows)


def _ticks(length: float) -> tuple[tuple[float, str], ...]:
    """Return round times along an axis, at most _MOST_TICKS behind the first."""
    scale = 10.0**-6
    while True:
        for step in (scale * factor for factor in _STEPS):
            count = int(length / step + 1e-9)
            if count <= _MOST_TICKS:
                return tuple((round(turn * step / length * 100, 2), _label(turn * step)) for turn in range(count + 1))
        scale *= 10


def _label(seconds: float) -> str:
    if seconds == 0:
        return "0"
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
