"""The contenders of the rows, how they take turns, and the lines of the table that come of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import floor, suites
from benchmarks.programs import UnableError
from benchmarks.table import Line, Spread
from benchmarks.workshop import PYTEST_MYSQL, Sample, Workshop

OURS = "pytest-netns-mysql"
AS_IT_IS = f"{PYTEST_MYSQL}, as it is"
TUNED = f"{PYTEST_MYSQL}, our server options, on a tmpfs"

# pytest-mysql always starts a mysqld_safe with --skip-syslog, which mysqld itself does not know.
_MYSQLD_SAFE = """\
#!/bin/sh
for one; do
    shift
    [ "$one" = --skip-syslog ] || set -- "$@" "$one"
done
exec "{mysqld}" "$@"
"""

Figure = Callable[[Sample], float]


@dataclass
class Contender:
    """Something that runs, and the runs of it that were measured.

    Attributes:
        title: Its name in the table.
        run: Runs it once.
        counts_cpu: False if its work is done by processes that it did not start, such as those of a container engine.
    """

    title: str
    run: Callable[[], Sample]
    counts_cpu: bool = True
    samples: list[Sample] = field(default_factory=list)

    def all(self, figure: Figure) -> list[float]:
        """Return one figure of every run."""
        return [figure(sample) for sample in self.samples]


@dataclass(frozen=True)
class Measure:
    """What of a run is compared: a wall time, and the CPU seconds that belong to it."""

    wall: Figure
    cpu: Figure


WHOLE_RUN = Measure(lambda sample: sample.wall, lambda sample: sample.cpu)
ONE_MORE_TEST = Measure(lambda sample: sample.one_more, lambda sample: sample.one_more_cpu)
END_OF_RUN = Measure(lambda sample: sample.end, lambda sample: sample.end_cpu)


def measure(workshop: Workshop, contenders: list[Contender], runs: int) -> None:
    """Run one of each in turn, so that a busy moment meets all; the first round warms caches up, and is discarded."""
    for number in range(runs + 1):
        workshop.progress(f"run {number} of {runs}" if number else "warm-up")
        for contender in contenders:
            sample = contender.run()
            if number:
                contender.samples.append(sample)


def line(
    key: str,
    what: str,
    ours: Contender,
    other: Contender,
    measure: Measure = WHOLE_RUN,
    *,
    kind: str = "ratio",
    aim: float | None = None,
    per: int = 1,
    note: str = "",
) -> Line:
    """Return the line of two contenders that took turns.

    Args:
        key: See Line.
        what: See Line.
        ours: Ours.
        other: The other; its title is in the line.
        measure: What of each run is compared.
        kind: See Line.
        aim: See Line.
        per: By how many a difference is divided.
        note: See Line.
    """
    mine, theirs = ours.all(measure.wall), other.all(measure.wall)
    ratios = [one / another for one, another in zip(mine, theirs, strict=True)]
    results = {
        "ratio": ratios,
        "more": [(one - another) / per for one, another in zip(mine, theirs, strict=True)],
        "faster": [1 / ratio for ratio in ratios],
    }[kind]
    mine_cpu = ours.all(measure.cpu) if ours.counts_cpu else []
    theirs_cpu = other.all(measure.cpu) if other.counts_cpu else []
    # What is counted in steps of 10 ms may be 0.
    ratios_cpu = [one / another for one, another in zip(mine_cpu, theirs_cpu, strict=False) if another > 0]
    return Line(
        key,
        what,
        other.title,
        kind,
        Spread.of(mine),
        Spread.of(theirs),
        Spread.of(results),
        Spread.of(ratios),
        aim,
        Spread.of(mine_cpu) if mine_cpu else None,
        Spread.of(theirs_cpu) if theirs_cpu else None,
        Spread.of(ratios_cpu) if ratios_cpu else None,
        note,
    )


def our_origin(workshop: Workshop) -> Contender:
    """Return ours with one test of an origin."""
    return Contender(OURS, partial(workshop.pytest, "ours", workshop.suite("origin", suites.ORIGIN)))


def our_shop(workshop: Workshop, tests: int, title: str = OURS) -> Contender:
    """Return ours with ``tests`` tests of one table each."""
    suite = workshop.suite(f"shop-{tests}", suites.our_shop(tests))
    return Contender(title, partial(workshop.pytest, "ours", suite))


def theirs(workshop: Workshop, name: str, test: str) -> tuple[Contender, Contender]:
    """Return pytest-mysql on one suite, as it is and tuned; raise UnableError where it cannot run."""
    options = floor.server(workshop).options
    return (
        Contender(AS_IT_IS, _their_run(workshop, workshop.suite(name, test), workshop.work / "t", {})),
        Contender(TUNED, _their_run(workshop, workshop.suite(f"{name}-tuned", test), workshop.memory / "t", options)),
    )


def _their_run(workshop: Workshop, suite: Path, base: Path, options: Mapping[str, str | None]) -> Callable[[], Sample]:
    server = floor.server(workshop)
    if server.mysqladmin is None:
        raise UnableError("pytest-mysql needs mysqladmin beside mysqld or on PATH: install MySQL's client programs")
    wrapper = suite / "mysqld_safe"
    wrapper.write_text(_MYSQLD_SAFE.format(mysqld=server.mysqld))
    wrapper.chmod(0o755)
    # mysqld reads my.cnf in MYSQL_HOME. Only there can its --initialize be told anything: pytest-mysql has no
    # parameter for that, and root must say so.
    lines = ["[mysqld]", "secure_file_priv="]
    lines += ["user=root"] if os.geteuid() == 0 else []
    lines += [key if value is None else f"{key}={value}" for key, value in options.items()]
    (suite / "my.cnf").write_text("\n".join(lines) + "\n")
    arguments = [
        f"--mysql-mysqld={server.mysqld}",
        f"--mysql-mysqld-safe={wrapper}",
        f"--mysql-admin={server.mysqladmin}",
        f"--basetemp={base}",
    ]

    def run() -> Sample:
        sample = workshop.pytest("theirs", suite, *arguments, MYSQL_HOME=str(suite))
        shutil.rmtree(base, ignore_errors=True)  # else the next run would begin with it
        return sample

    return run
