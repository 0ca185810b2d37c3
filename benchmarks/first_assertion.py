"""Measure a warm pytest run on one origin test, beside pytest-mysql and beside the bare floor.

    python benchmarks/first_assertion.py [--runs 15] [--work FOLDER]

The runs are interleaved, so that a busy moment meets every contender. README.md says what each one does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.contenders import Contender, Sample, UnableError, Workshop

_IMPORTS_SHOWN = 14
_IMPORT_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\w+)")


@dataclass
class Series:
    """Hold one contender's samples, in seconds."""

    contender: Contender
    samples: list[Sample] = field(default_factory=list)

    @property
    def wall(self) -> list[float]:
        """Return the wall time of each run."""
        return [sample.wall for sample in self.samples]

    @property
    def first(self) -> list[float]:
        """Return the time from the start to the test's first line in each run."""
        return [sample.first for sample in self.samples]


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="measured runs of each contender (default 15)")
    parser.add_argument(
        "--work", type=Path, help="folder to keep the virtual environments in (default: a temporary one)"
    )
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs is 1 or more")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="nmb-") as temporary,
            tempfile.TemporaryDirectory(prefix="nmb-", dir=_tmpfs()) as memory,
        ):
            work = Path(temporary) if options.work is None else options.work.absolute()
            workshop = Workshop(work, Path(memory), progress=_progress)
            _measure(workshop, options.runs)
    except UnableError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    return 0


def _measure(workshop: Workshop, runs: int) -> None:
    all_series = [Series(contender) for contender in workshop.contenders()]
    for number in range(runs + 1):
        _progress(f"run {number} of {runs}" if number else "warm-up")
        for series in all_series:
            sample = series.contender.run()
            if number:  # the first one warms caches up, and is discarded
                series.samples.append(sample)
    print(_machine(workshop.facts["version_line"], runs))
    print(_table(all_series))
    print(_breakdown(workshop, min(runs, 7)))


def _table(all_series: Sequence[Series]) -> str:
    ours = all_series[0]
    lines = [
        "| contender | wall, median | wall, min | ours / this | to the test's first line, median | ours / this |",
        "|---|---|---|---|---|---|",
    ]
    for series in all_series:
        cells = [
            series.contender.title,
            _seconds(statistics.median(series.wall)),
            _seconds(min(series.wall)),
            f"{statistics.median(ours.wall) / statistics.median(series.wall):.2f}",
            _seconds(statistics.median(series.first)),
            f"{statistics.median(ours.first) / statistics.median(series.first):.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    floor = all_series[-1]
    parts = zip(*(sample.parts for sample in floor.samples), strict=True)
    empty, boot = (statistics.median(part) for part in parts)
    lines.append(
        f"\nThe floor is an empty pytest run, {_seconds(empty)}, and a boot from a copy, {_seconds(boot)} (medians)."
    )
    return "\n".join(lines) + "\n"


def _breakdown(workshop: Workshop, times: int) -> str:
    _progress("where our time goes")
    runs: list[dict[str, float]] = [json.loads(workshop.in_ours("phases.py")) for _ in range(times)]
    lines = [
        f"### Where our own time goes\n\nEach step by itself, without pytest, in order; medians of {times} runs.\n"
    ]
    lines += ["| step | ms |", "|---|---|"]
    lines += [f"| {step} | {statistics.median(run[step] for run in runs) * 1000:.1f} |" for step in runs[0]]
    bare, idle = workshop.ours_empty(plugin=False), workshop.ours_empty(plugin=True)
    lines.append(f"| pytest on an empty test, our environment without our plugin | {_median_ms(bare, times)} |")
    lines.append(f"| pytest on an empty test, our plugin loaded and idle | {_median_ms(idle, times)} |")
    lines.append("\n### Imports of our run\n")
    lines.append("By package, the time of its own modules, as `-X importtime` counts it (which slows each a little).\n")
    lines += ["| package | ms |", "|---|---|"]
    lines += [f"| {name} | {spent / 1000:.1f} |" for name, spent in _imports(workshop.import_times())]
    return "\n".join(lines)


def _imports(report: str) -> list[tuple[str, int]]:
    """Sum the microseconds of ``-X importtime`` by package; return the largest."""
    spent: dict[str, int] = {}
    for line in report.splitlines():
        match = _IMPORT_LINE.match(line)
        if match:
            spent[match[2]] = spent.get(match[2], 0) + int(match[1])
    return sorted(spent.items(), key=lambda item: -item[1])[:_IMPORTS_SHOWN]


def _median_ms(run: Callable[[], Sample], times: int) -> str:
    run()
    return f"{statistics.median(run().wall for _ in range(times)) * 1000:.1f}"


def _machine(version_line: str, runs: int) -> str:
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    version = re.search(r"Ver (\S+)", version_line)
    pairs: dict[str, Any] = {
        "CPU": f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "MySQL": version[1] if version else version_line,
        "user": "root" if os.geteuid() == 0 else "ordinary, rootless",
        "date": time.strftime("%Y-%m-%d"),
        "runs": f"{runs} of each, interleaved, after one warm-up each",
        "load at the end": Path("/proc/loadavg").read_text().split()[0],
    }
    return "\n".join(f"- {key}: {value}" for key, value in pairs.items()) + "\n"


def _seconds(value: float) -> str:
    return f"{value:.3f} s"


def _tmpfs() -> str:
    """Return a writable folder on a tmpfs; raise UnableError where there is none."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, folder, kind = line.split()[:3]
        if (
            kind == "tmpfs"
            and folder in ("/dev/shm", f"/run/user/{os.geteuid()}", "/tmp")
            and os.access(folder, os.W_OK)
        ):
            return folder
    raise UnableError("a writable tmpfs is needed for the floor: mount one at /dev/shm")


def _progress(line: str) -> None:
    print(f"... {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
