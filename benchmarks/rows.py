"""The rows of the table: what each measures, against what, and the aim."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks import imports
from benchmarks.containers import in_a_container
from benchmarks.contenders import (
    CHANGES,
    LOADED,
    ORIGIN,
    Contender,
    empty_suite,
    many_tests,
    measure,
    one_origin,
    shop_suite,
)
from benchmarks.workshop import MissingError, Sample, UnableError, Workshop

Figure = Callable[[Sample], float]

_TESTS = 200
_MARKED = 2000
_FEW = 20
_IDLE_ROUNDS = 4  # of each of the runs that are asked for: the difference is small
_PLUGIN = "netns_mysql"
_IMPORT_THE_PLUGIN = """\
import pytest
import pytest_netns_mysql.plugin
for name in pytest_netns_mysql.plugin.pytest_plugins:
    __import__(name)
"""

# A run that marks its tests, and no more, has no business with a server.
_NO_CHILD = """

@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure():
    me = os.getpid()
    with open(f"/proc/{me}/task/{me}/children") as children:
        assert children.read() == "", "a program was started"
"""


@dataclass(frozen=True)
class Line:
    """Hold one line of the table; ``note`` stands below it."""

    what: str
    against: str
    measured: str
    ratio: str
    aim: str = "-"
    note: str = ""


def wall(sample: Sample) -> float:
    """Return the wall time of the whole run."""
    return sample.wall


def first_assertion(workshop: Workshop, runs: int) -> list[Line]:
    """Measure a warm run of one origin test."""
    ours, as_it_is, tuned, floor = one_origin(workshop)
    measure(workshop, [ours, as_it_is, tuned, floor], runs)
    what = "warm run of one origin test, wall"
    aims = (as_it_is, "<= 0.22"), (tuned, "-"), (floor, "<= 1.25")
    return [_compared(what, wall, ours, other, aim) for other, aim in aims]


def one_more_test(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what a test costs that is not the first."""
    ours, *others = contenders = many_tests(workshop, _TESTS + 1)
    measure(workshop, contenders, runs)
    what = "one more test: account, schema, one table, one row, checked clean"
    return [
        _compared(what, lambda sample: sample.one_more, ours, other, aim)
        for other, aim in zip(others, ("<= 0.25", "-"), strict=True)
    ]


def looks(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what it costs to find and to put back what a test changed in 20 tables that a server was loaded with."""
    lines = []
    for change, statement in CHANGES.items():
        suite = workshop.suite(
            f"loaded-{change.replace(' ', '-')}", LOADED.format(tests=_TESTS + 1, statement=statement)
        )
        ours = Contender("looked after", partial(workshop.pytest, "ours", suite))
        kept = Contender("kept", partial(workshop.pytest, "ours", suite, "--netns-leftovers=keep"))
        measure(workshop, [ours, kept], runs)
        what = f"the end of a test that changed {change}"
        lines.append(_added(what, lambda sample: sample.one_more, ours, kept, "netns_leftovers = keep", "-"))
    return lines


def reused_server(workshop: Workshop, runs: int) -> list[Line]:
    """Measure a run of one origin test by a server that was there before."""
    try:
        workshop.netns_mysql("up", "--help")
    except UnableError as error:
        raise MissingError("this version has no `netns-mysql up`") from error
    ours = Contender("ours", partial(workshop.pytest, "ours", workshop.suite("origin", ORIGIN)))
    empty = Contender("an empty pytest run", partial(workshop.pytest, "floor", empty_suite(workshop)))
    workshop.netns_mysql("up")
    try:
        measure(workshop, [ours, empty], runs)
    finally:
        workshop.netns_mysql("down")
    return [_compared("warm run of one origin test by a reused server, wall", wall, ours, empty, "<= 2")]


def marker_alone(workshop: Workshop, runs: int) -> list[Line]:
    """Measure the marker on tests that ask for no fixture: what each of many costs, beyond what the first few do."""
    contenders = [
        Contender("", partial(workshop.pytest, "ours", workshop.suite(f"{name}-{tests}", text, _NO_CHILD)))
        for name, tests, text in (
            (name, tests, f"import pytest\n\n\n{''.join(_marked(marker, number) for number in range(tests))}")
            for name, marker in (("marked", '@pytest.mark.netns("red")\n'), ("unmarked", ""))
            for tests in (_FEW + _MARKED, _FEW)
        )
    ]
    measure(workshop, contenders, runs)
    marked, unmarked = (
        [(many - few) / _MARKED for many, few in zip(big.all(wall), small.all(wall), strict=True)]
        for big, small in (contenders[:2], contenders[2:])
    )
    more = statistics.median(one - other for one, other in zip(marked, unmarked, strict=True))
    measured = " against ".join(f"{statistics.median(each) * 1e6:.0f} us" for each in (marked, unmarked))
    return [Line("marker alone, per test", "the same tests unmarked", measured, f"+{more * 1e6:.0f} us", "<= 60 us")]


def _marked(marker: str, number: int) -> str:
    return f"{marker}def test_{number}(): ...\n\n\n"


def idle(workshop: Workshop, runs: int) -> list[Line]:
    """Measure the plugin installed, and nothing of it used."""
    suite = empty_suite(workshop)
    without = ("-p", f"no:{_PLUGIN}")
    ours = Contender("ours", partial(workshop.pytest, "ours", suite))
    bare = Contender("bare", partial(workshop.pytest, "ours", suite, *without))
    measure(workshop, [ours, bare], runs * _IDLE_ROUNDS)
    line = _added("idle: plugin installed, nothing used", wall, ours, bare, f"-p no:{_PLUGIN}", "<= 10 ms")
    # pytest imports a plugin and what its pytest_plugins names by a function that importtime does not see.
    spent = imports.modules(workshop.import_times(suite, "-c", _IMPORT_THE_PLUGIN))
    for name in imports.modules(workshop.import_times(suite, "-m", "pytest", "-q", "-s", *without)):
        spent.pop(name, None)
    most = sorted(spent.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{name} {microseconds / 1000:.1f}" for name, microseconds in most)
    note = f"Imported because of the idle plugin, by `-X importtime`, ms of its own each: {listed or 'nothing'}."
    return [Line(**{**vars(line), "note": note})]


def end_of_run(workshop: Workshop, runs: int) -> list[Line]:
    """Measure from the end of the last test's body until the process is gone."""
    ours = Contender("ours", partial(workshop.pytest, "ours", workshop.suite("origin", ORIGIN)))
    empty = Contender("empty", partial(workshop.pytest, "ours", empty_suite(workshop)))
    measure(workshop, [ours, empty], runs)
    against = "the same of a run without a server"
    line = _added("end of run after a server", lambda sample: sample.end, ours, empty, against, "<= 100 ms")
    return [line]


def workers(workshop: Workshop, runs: int) -> list[Line]:
    """Measure two workers against one process, boot included."""
    suite = shop_suite(workshop, _TESTS)
    two = Contender("two", partial(workshop.pytest, "workers", suite, "-n", "2"))
    one = Contender("one process", partial(workshop.pytest, "workers", suite))
    measure(workshop, [two, one], runs)
    line = _compared(f"-n 2, {_TESTS} tests, boot included, wall", wall, two, one, "")
    faster = statistics.median(one.all(wall)) / statistics.median(two.all(wall))
    return [Line(line.what, line.against, line.measured, f"{faster:.2f} times faster", ">= 1.6 times")]


def testcontainers(workshop: Workshop, runs: int) -> list[Line]:
    """Measure the origin test against the same by testcontainers."""
    theirs = Contender("testcontainers' MySqlContainer, local image", in_a_container(workshop))
    ours = Contender("ours", partial(workshop.pytest, "ours", workshop.suite("origin", ORIGIN)))
    measure(workshop, [ours, theirs], runs)
    return [_compared("warm run of one origin test, wall", wall, ours, theirs, "-")]


ROWS: Mapping[str, Callable[[Workshop, int], Sequence[Line]]] = {
    "first-assertion": first_assertion,
    "one-more-test": one_more_test,
    "looks": looks,
    "reused-server": reused_server,
    "marker": marker_alone,
    "idle": idle,
    "end-of-run": end_of_run,
    "workers": workers,
    "testcontainers": testcontainers,
}


def _compared(what: str, figure: Figure, ours: Contender, other: Contender, aim: str) -> Line:
    mine, theirs = (statistics.median(one.all(figure)) for one in (ours, other))
    return Line(what, other.title, f"{_time(mine)} against {_time(theirs)}", f"{mine / theirs:.2f}", aim)


def _added(what: str, figure: Figure, ours: Contender, other: Contender, against: str, aim: str) -> Line:
    """Return the line of a small difference: the median of what each pair of runs differs by."""
    mine, theirs = ours.all(figure), other.all(figure)
    more = statistics.median(one - another for one, another in zip(mine, theirs, strict=True))
    measured = f"{_time(statistics.median(mine))} against {_time(statistics.median(theirs))}"
    return Line(what, against, measured, f"{more * 1000:+.1f} ms", aim)


def _time(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
