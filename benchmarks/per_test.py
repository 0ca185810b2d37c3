"""The rows about what each of many tests costs."""

from __future__ import annotations

from functools import partial

from benchmarks import suites
from benchmarks.contenders import ONE_MORE_TEST, Contender, Measure, line, measure, our_shop, theirs
from benchmarks.table import Line
from benchmarks.workshop import Sample, Workshop

_TESTS = 200
_SIZES = (10, 100, 1000)
_LONG_RUNS = 3  # at most, where a run has a thousand tests
_MARKED = 2000
_FEW = 20


def one_more_test(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what a test costs that is not the first."""
    ours = our_shop(workshop, _TESTS + 1)
    as_it_is, tuned = theirs(workshop, "their-shop", suites.shop("mysql", _TESTS + 1))
    measure(workshop, [ours, as_it_is, tuned], runs)
    what = "one more test: account, schema, one table, one row, checked clean"
    return [
        line("one-more-test/as-it-is", what, ours, as_it_is, ONE_MORE_TEST, aim=0.15),
        line("one-more-test/tuned", what, ours, tuned, ONE_MORE_TEST),
    ]


def linear(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what a test costs in a suite of 100 and of 1,000, against one in a suite of 10."""
    few, *many = contenders = [our_shop(workshop, size, f"one of {size:,}") for size in _SIZES]
    measure(workshop, contenders, min(runs, _LONG_RUNS))
    return [
        line(f"linear/{size}", f"one more test of {size:,}", each, few, ONE_MORE_TEST)
        for size, each in zip(_SIZES[1:], many, strict=True)
    ]


def looks(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what it costs to find and to put back what a test changed in 20 tables that a server was loaded with."""
    lines = []
    for change, statement in suites.CHANGES.items():
        name = f"loaded-{change.replace(' ', '-')}"
        suite = workshop.suite(name, suites.LOADED.format(tests=_TESTS + 1, statement=statement))
        ours = Contender("looked after", partial(workshop.pytest, "ours", suite))
        kept = Contender("netns_leftovers = keep", partial(workshop.pytest, "ours", suite, "--netns-leftovers=keep"))
        measure(workshop, [ours, kept], runs)
        what = f"the end of a test that changed {change}"
        lines.append(line(f"looks/{change.replace(' ', '-')}", what, ours, kept, ONE_MORE_TEST, kind="more"))
    return lines


def capture(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what it costs to capture the packets of tests that pass, so that they are forgotten."""
    suite = workshop.suite(f"shop-{_TESTS + 1}", suites.our_shop(_TESTS + 1))
    run = partial(workshop.pytest, "captures", suite)
    captured = Contender("netns_capture = failed", partial(run, "--netns-capture=failed"))
    off = Contender("netns_capture = off", run)
    measure(workshop, [captured, off], runs)
    return [
        line("capture/one-more-test", "one more test, its packets captured", captured, off, ONE_MORE_TEST, kind="more"),
        line("capture/run", f"{_TESTS + 1} tests, their packets captured", captured, off),
    ]


def marker_alone(workshop: Workshop, runs: int) -> list[Line]:
    """Measure the marker on tests that ask for no fixture: what each of many costs, beyond what the first few do."""
    sizes = (_FEW + _MARKED, _FEW)
    kinds = (("marked", '@pytest.mark.netns("red")\n'), ("unmarked", ""))
    contenders = [
        Contender(
            name,
            partial(
                workshop.pytest,
                "ours",
                workshop.suite(f"{name}-{tests}", suites.empty_tests(tests, marker), suites.NO_CHILD),
            ),
        )
        for name, marker in kinds
        for tests in sizes
    ]
    measure(workshop, contenders, runs)
    marked, unmarked = (_differences(*pair) for pair in (contenders[:2], contenders[2:]))
    unmarked.title = "the same tests unmarked"
    each = Measure(lambda sample: sample.wall / _MARKED, lambda sample: sample.cpu / _MARKED)
    return [line("marker", "marker alone, per test", marked, unmarked, each, kind="more", aim=60e-6)]


def _differences(many: Contender, few: Contender) -> Contender:
    """Return a contender whose runs are what the runs of many tests took beyond those of a few."""
    pairs = zip(many.samples, few.samples, strict=True)
    samples = [Sample(one.wall - other.wall, one.cpu - other.cpu, one.gone - other.gone) for one, other in pairs]
    return Contender(many.title, many.run, samples=samples)
