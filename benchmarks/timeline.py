"""Show where the time of one run goes: moments of a warm run of one origin test, and of an empty run.

    python benchmarks/timeline.py [--runs 15] [--work FOLDER]

The moments are seen from outside of the plugin: by site and audit hooks of Python, by hooks of pytest, by what the
server says of itself, and by the process that waits for the run. README.md says more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import suites
from benchmarks.command import circumstances, in_a_workshop, machine, parser_of, user
from benchmarks.imports import modules, packages
from benchmarks.table import Spread
from benchmarks.workshop import HERE, Workshop

_IMPORTS_SHOWN = 14
_MOMENTS = "BENCHMARK_MOMENTS"

# A moment: milliseconds since the start of the process, and CPU milliseconds of the process until then; -1 if unknown.
Moments = dict[str, tuple[float, float]]


def main() -> int:
    """Measure and print; return the exit status."""
    options = parser_of(__doc__ or "", runs=15).parse_args()
    return in_a_workshop(options, lambda workshop: _measure(workshop, options))


def _measure(workshop: Workshop, options: argparse.Namespace) -> int:
    origin = workshop.suite("timeline-origin", suites.ORIGIN)
    empty = workshop.suite("timeline-empty", suites.EMPTY)
    ours: list[Moments] = []
    theirs: list[Moments] = []
    for number in range(options.runs + 1):
        workshop.progress(f"run {number} of {options.runs}" if number else "warm-up")
        for environment, suite, runs in (("ours", origin, ours), ("floor", empty, theirs)):
            moments = _moments(workshop, environment, suite)
            if number:
                runs.append(moments)
    facts = {"user": user(), **machine(workshop), **circumstances(options.runs)}
    print("\n".join(f"- {key}: {value}" for key, value in facts.items()))
    print(f"\n{_table(ours, theirs)}\n{_imports(workshop, origin)}")
    return 0


def _moments(workshop: Workshop, environment: str, suite: Path) -> Moments:
    """Return the moments of one run."""
    file = workshop.memory / "moments"
    for old in workshop.memory.glob("moments.*"):
        old.unlink()
    variables = {"PYTHONPATH": str(HERE / "tracing"), _MOMENTS: str(file)}
    sample = workshop.pytest(environment, suite, "-p", "moments", **variables)
    times = json.loads((workshop.memory / "result").read_text())
    # A program that the run starts may be a Python, too; the run itself has the pid that pytest had.
    lines = (workshop.memory / f"moments.{times['pid']}").read_text().splitlines()
    moments: Moments = {}
    for line in lines:
        at, cpu, name = line.split(" ", 2)
        moments.setdefault(name, (1000 * (float(at) - times["begin"]), 1000 * float(cpu)))
    moments["the process is gone"] = (1000 * sample.wall, -1.0)
    moments["all processes are gone"] = (1000 * sample.gone, -1.0)
    return moments


def _table(ours: Sequence[Moments], empty: Sequence[Moments]) -> str:
    """Return the moments in their order, as medians with quartiles."""
    names = {name for moments in ours for name in moments if all(name in each for each in ours)}
    ordered = sorted(names, key=lambda name: statistics.median(moments[name][0] for moments in ours))
    lines = [
        "Milliseconds since the start of the process: median (quartiles). CPU: of the pytest process until then.\n",
        "| moment | origin test | its CPU | empty run | its CPU |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {name} | {_cells(ours, name)} | {_cells(empty, name)} |" for name in ordered]
    return "\n".join(lines) + "\n"


def _cells(runs: Sequence[Moments], name: str) -> str:
    found = [moments[name] for moments in runs if name in moments]
    if not found:
        return "- | -"
    times = Spread.of([at for at, _ in found])
    cpu = statistics.median(seconds for _, seconds in found)
    return f"{times.median:.0f} ({times.low:.0f} to {times.high:.0f}) | {'-' if cpu < 0 else f'{cpu:.0f}'}"


def _imports(workshop: Workshop, suite: Path) -> str:
    """Return a table of what the run imports, by package."""
    lines = [
        "### Imports of the run\n",
        "By package, the time of its own modules, as `-X importtime` counts it (which slows each a little).\n",
        "| package | ms | modules |",
        "|---|---|---|",
    ]
    spent = modules(workshop.import_times(suite, "-m", "pytest", "-q", "-s"))
    for name, microseconds in packages(spent)[:_IMPORTS_SHOWN]:
        count = sum(module.partition(".")[0] == name for module in spent)
        lines.append(f"| {name} | {microseconds / 1000:.1f} | {count} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
