"""Measure every row of the table, and print it beside the last one that was recorded.

    python benchmarks/all.py [--runs 7] [--work FOLDER] [--rows first-assertion,one-more-test,...] [--record]

The runs are interleaved, so that a busy moment meets every contender. README.md says what each row does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import records
from benchmarks.command import circumstances, in_a_workshop, machine, parser_of, user
from benchmarks.programs import MissingError, UnableError
from benchmarks.rows import ROWS
from benchmarks.table import Line, comparison
from benchmarks.workshop import Workshop

_RECORDED_RUNS = 3  # at least


def main() -> int:
    """Measure and print; return the exit status."""
    parser = parser_of(__doc__ or "", runs=7)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"some of {', '.join(ROWS)} (default: all)")
    parser.add_argument("--record", action="store_true", help="write the table into last.json and README.md")
    options = parser.parse_args()
    if unknown := [row for row in options.rows.split(",") if row not in ROWS]:
        parser.error(f"there is no row {', '.join(unknown)}: they are {', '.join(ROWS)}")
    if options.record and options.runs < _RECORDED_RUNS:
        parser.error(f"--record needs --runs {_RECORDED_RUNS} or more: fewer have no spread to compare with")
    return in_a_workshop(options, lambda workshop: _measure(workshop, options))


def _measure(workshop: Workshop, options: argparse.Namespace) -> int:
    """Measure and print; return 1 if a row failed, which costs the others nothing."""
    if options.record:
        records.require_writable()
    last = records.load().get(user())
    lines: list[Line] = []
    notes: list[str] = []
    status = 0
    for row in options.rows.split(","):
        workshop.progress(f"row {row}")
        try:
            lines += ROWS[row](workshop, options.runs)
        except MissingError as error:
            notes.append(f"Not measured: {row}: {error}.")
        except UnableError as error:
            status = 1
            notes.append(f"Failed: {row}: {error}")
    table = records.Table(machine(workshop), circumstances(options.runs), lines)
    print(f"As {user()}:\n\n{table.as_markdown()}")
    for note in notes:
        print(note)
    if last is not None:
        same_machine = last.machine == table.machine
        where = "on this machine" if same_machine else "on another machine, so that ratios alone are compared"
        print(f"\nAgainst the table of {last.circumstances['date']}, measured {where}:\n")
        print(comparison(lines, last.lines, same_machine=same_machine))
    if options.record:
        records.record(user(), table)
    return status


if __name__ == "__main__":
    sys.exit(main())
