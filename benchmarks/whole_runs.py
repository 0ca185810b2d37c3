"""The rows about whole runs of pytest."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from benchmarks import floor, imports, suites
from benchmarks.containers import in_a_container
from benchmarks.contenders import END_OF_RUN, OURS, Contender, line, measure, our_origin, theirs
from benchmarks.programs import UnableError, run
from benchmarks.table import Line
from benchmarks.workshop import Sample, Workshop, tree_cpu_seconds

_WORKERS_TESTS = 200
_IDLE_ROUNDS = 4  # of each of the runs that are asked for: the difference is small
_SIZES = (2, 8, 32)  # namespaces
_PUT_BACK = 0.3  # seconds in which a standing server is put back after a run
_PLUGIN = "netns_mysql"
_MODULES = "BENCHMARK_MODULES"
_MODULES_SHOWN = 8
_LINES_OF_RECORD = "import importlib.metadata; print(len(importlib.metadata.files('pytest-netns-mysql')))"


def first_assertion(workshop: Workshop, runs: int) -> list[Line]:
    """Measure a warm run of one origin test."""
    ours = our_origin(workshop)
    as_it_is, tuned = theirs(workshop, "their-origin", suites.THEIR_ORIGIN)
    bare = Contender("the floor: an empty pytest run and a bare boot", partial(floor.empty_run_and_boot, workshop))
    measure(workshop, [ours, as_it_is, tuned, bare], runs)
    what = "warm run of one origin test"
    return [
        line("first-assertion/as-it-is", what, ours, as_it_is, aim=0.18),
        line("first-assertion/tuned", what, ours, tuned),
        line("first-assertion/floor", what, ours, bare, aim=1.15),
    ]


def reused_server(workshop: Workshop, runs: int) -> list[Line]:
    """Measure a run of one origin test by a server that was there before."""
    empty = Contender("an empty pytest run", partial(workshop.pytest, "floor", floor.empty_suite(workshop)))
    origin = our_origin(workshop)
    shown = workshop.netns_mysql("up")
    try:
        found = re.match(r"pid (\d+):", shown)
        if found is None:
            raise UnableError(f"netns-mysql up printed {shown!r}")
        pid = int(found[1])

        def run_with_standing_server() -> Sample:
            # It is no descendant of the run; what it does for the run, putting it back too, is counted all the same.
            before = tree_cpu_seconds(pid)
            sample = origin.run()
            time.sleep(_PUT_BACK)
            return replace(sample, cpu=sample.cpu + tree_cpu_seconds(pid) - before)

        ours = Contender(OURS, run_with_standing_server)
        measure(workshop, [ours, empty], runs)
    finally:
        workshop.netns_mysql("down")
    return [line("reused-server", "warm run of one origin test by a standing server", ours, empty, aim=1.5)]


def idle(workshop: Workshop, runs: int) -> list[Line]:
    """Measure the plugin installed and nothing of it used, switched off, and not installed."""
    suite = floor.empty_suite(workshop)
    off = ("-p", f"no:{_PLUGIN}")
    ours = Contender("installed", partial(workshop.pytest, "ours", suite))
    switched_off = Contender(f"-p no:{_PLUGIN}", partial(workshop.pytest, "ours", suite, *off))
    without = Contender("an environment without the plugin", partial(workshop.pytest, "floor", suite))
    measure(workshop, [ours, switched_off, without], runs * _IDLE_ROUNDS)
    installed = run([workshop.python("ours"), "-c", _LINES_OF_RECORD], workshop.work, workshop.environment, 60.0)
    record = (
        f"pytest reads the list of files (RECORD) of each distribution with a plugin, `-p no:` or not: that of "
        f"pytest-netns-mysql has {installed.stdout.strip()} lines."
    )
    what, what_off = "idle: plugin installed, nothing used", f"plugin installed, `-p no:{_PLUGIN}`"
    return [
        line("idle", what, ours, switched_off, kind="more", aim=5e-3, note=_idle_imports(workshop)),
        line("idle/record", what_off, switched_off, without, kind="more", note=record),
        line("idle/all", what, ours, without, kind="more"),
    ]


def _idle_imports(workshop: Workshop) -> str:
    """Return a line about the modules that a run imports because the plugin is installed."""
    suite = workshop.suite("modules", suites.EMPTY, suites.MODULES)
    file = workshop.memory / "modules"

    def imported(*arguments: str) -> list[str]:
        workshop.pytest("ours", suite, *arguments, **{_MODULES: str(file)})
        return Path(file).read_text().split()

    without = set(imported("-p", f"no:{_PLUGIN}"))
    names = [name for name in imported() if name not in without]
    # importtime does not see what pytest imports as a plugin, so all are imported once more, by import statements.
    code = f"import pytest, {', '.join(['sys', *names])}"
    spent = imports.modules(workshop.import_times(suite, "-c", code))
    most = sorted(((spent.get(name, 0), name) for name in names), reverse=True)
    listed = ", ".join(f"{name} {microseconds / 1000:.1f}" for microseconds, name in most[:_MODULES_SHOWN])
    total = sum(microseconds for microseconds, _ in most) / 1000
    return (
        f"An idle run imports {len(names)} modules because of the plugin, {total:.1f} ms by `-X importtime`, which "
        f"leaves out the rewriting of assertions; the largest, ms: {listed or 'none'}."
    )


def end_of_run(workshop: Workshop, runs: int) -> list[Line]:
    """Measure from the end of the last test's body until the process is gone."""
    ours = our_origin(workshop)
    empty = Contender(
        "the same of a run without a server", partial(workshop.pytest, "ours", floor.empty_suite(workshop))
    )
    measure(workshop, [ours, empty], runs)
    return [line("end-of-run", "end of run after a server", ours, empty, END_OF_RUN, kind="more", aim=60e-3)]


def workers(workshop: Workshop, runs: int) -> list[Line]:
    """Measure two workers against one process, boot included."""
    suite = workshop.suite(f"shop-{_WORKERS_TESTS}", suites.our_shop(_WORKERS_TESTS))
    two = Contender("two workers", partial(workshop.pytest, "workers", suite, "-n", "2"))
    one = Contender("one process", partial(workshop.pytest, "workers", suite))
    measure(workshop, [two, one], runs)
    return [line("workers", f"-n 2, {_WORKERS_TESTS} tests, boot included", two, one, kind="faster", aim=1.6)]


def namespaces(workshop: Workshop, runs: int) -> list[Line]:
    """Measure what a further namespace costs a run whose server listens in each, and that has a test in each."""
    contenders = [
        Contender(
            f"of {size} namespaces",
            partial(
                workshop.pytest,
                "ours",
                workshop.suite(f"star-{size}", suites.everywhere(size), topology=suites.star(size)),
            ),
        )
        for size in _SIZES
    ]
    measure(workshop, contenders, runs)
    return [
        line(
            f"namespaces/{size}",
            f"a test and an endpoint in each {ours.title}: each further one",
            ours,
            fewer,
            kind="more",
            per=size - before,
        )
        for (before, fewer), (size, ours) in pairwise(zip(_SIZES, contenders, strict=True))
    ]


def testcontainers(workshop: Workshop, runs: int) -> list[Line]:
    """Measure the origin test against the same by testcontainers."""
    other = in_a_container(workshop)
    ours = our_origin(workshop)
    measure(workshop, [ours, other], runs)
    return [line("testcontainers", "warm run of one origin test", ours, other)]
