"""Measure a warm pytest run on one origin test, beside pytest-mysql and beside the bare floor.

    python benchmarks/first_assertion.py [--runs 15] [--work FOLDER]

The runs are interleaved, so that a busy moment meets every contender. README.md says what each one does.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.command import in_a_workshop, machine, parser_of
from benchmarks.contenders import ORIGIN, Contender, measure, one_origin
from benchmarks.imports import modules, packages
from benchmarks.workshop import Sample, Workshop

_IMPORTS_SHOWN = 14


def main() -> int:
    """Measure and print; return the exit status."""
    options = parser_of(__doc__ or "", runs=15).parse_args()
    return in_a_workshop(options.work, lambda workshop: _measure(workshop, options.runs))


def _measure(workshop: Workshop, runs: int) -> None:
    contenders = one_origin(workshop)
    measure(workshop, contenders, runs)
    print(machine(workshop.facts["version_line"], runs))
    print(_table(contenders))
    print(_breakdown(workshop, min(runs, 7)))


def _table(contenders: Sequence[Contender]) -> str:
    ours, floor = contenders[0], contenders[-1]
    wall, first = (statistics.median(ours.all(figure)) for figure in (_wall, _first))
    lines = [
        "| contender | wall, median | wall, min | ours / this | to the test's first line, median | ours / this |",
        "|---|---|---|---|---|---|",
    ]
    for one in contenders:
        cells = [
            one.title,
            _seconds(statistics.median(one.all(_wall))),
            _seconds(min(one.all(_wall))),
            f"{wall / statistics.median(one.all(_wall)):.2f}",
            _seconds(statistics.median(one.all(_first))),
            f"{first / statistics.median(one.all(_first)):.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    parts = zip(*(sample.parts for sample in floor.samples), strict=True)
    empty, boot = (statistics.median(part) for part in parts)
    lines.append(
        f"\nThe floor is an empty pytest run, {_seconds(empty)}, and a boot from a copy, {_seconds(boot)} (medians)."
    )
    return "\n".join(lines) + "\n"


def _breakdown(workshop: Workshop, times: int) -> str:
    workshop.progress("where our time goes")
    runs: list[dict[str, float]] = [json.loads(workshop.in_ours("phases.py")) for _ in range(times)]
    lines = [
        f"### Where our own time goes\n\nEach step by itself, without pytest, in order; medians of {times} runs.\n"
    ]
    lines += ["| step | ms |", "|---|---|"]
    lines += [f"| {step} | {statistics.median(run[step] for run in runs) * 1000:.1f} |" for step in runs[0]]
    lines.append("\n### Imports of our run\n")
    lines.append("By package, the time of its own modules, as `-X importtime` counts it (which slows each a little).\n")
    lines += ["| package | ms |", "|---|---|"]
    report = workshop.import_times(workshop.suite("origin", ORIGIN), "-m", "pytest", "-q", "-s")
    spent = packages(modules(report))
    lines += [f"| {name} | {microseconds / 1000:.1f} |" for name, microseconds in spent[:_IMPORTS_SHOWN]]
    return "\n".join(lines)


def _wall(sample: Sample) -> float:
    return sample.wall


def _first(sample: Sample) -> float:
    return sample.first


def _seconds(value: float) -> str:
    return f"{value:.3f} s"


if __name__ == "__main__":
    sys.exit(main())
