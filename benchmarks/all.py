"""Measure every row of the table, and print it.

    python benchmarks/all.py [--runs 7] [--work FOLDER] [--rows first-assertion,one-more-test,...]

The runs are interleaved, so that a busy moment meets every contender. README.md says what each row does.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.command import in_a_workshop, machine, parser_of
from benchmarks.rows import ROWS, Line
from benchmarks.workshop import MissingError, Workshop


def main() -> int:
    """Measure and print; return the exit status."""
    parser = parser_of(__doc__ or "", runs=7)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"some of {', '.join(ROWS)} (default: all)")
    options = parser.parse_args()
    rows = options.rows.split(",")
    if unknown := [row for row in rows if row not in ROWS]:
        parser.error(f"there is no row {', '.join(unknown)}: they are {', '.join(ROWS)}")
    return in_a_workshop(options.work, lambda workshop: _measure(workshop, rows, options.runs))


def _measure(workshop: Workshop, rows: list[str], runs: int) -> None:
    lines: list[Line] = []
    notes: list[str] = []
    for row in rows:
        workshop.progress(f"row {row}")
        try:
            lines += ROWS[row](workshop, runs)
        except MissingError as error:
            notes.append(f"Not measured: {row}: {error}.")
    print(machine(workshop.facts["version_line"], runs))
    print("| what | against | measured | ratio | aim |\n|---|---|---|---|---|")
    for line in lines:
        print(f"| {line.what} | {line.against} | {line.measured} | {line.ratio} | {line.aim} |")
    for note in [*(line.note for line in lines if line.note), *notes]:
        print(f"\n{note}")


if __name__ == "__main__":
    sys.exit(main())
