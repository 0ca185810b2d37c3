"""The last table of each user: kept in last.json, from which the tables in README.md are written."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.programs import UnableError
from benchmarks.table import Line, markdown

HERE = Path(__file__).resolve().parent
FILE = HERE / "last.json"
PAGE = HERE / "README.md"
_BEGIN = "<!-- written by all.py --record -->\n"
_END = "<!-- end -->\n"


@dataclass(frozen=True)
class Table:
    """The lines that one user measured on one machine.

    Attributes:
        machine: What must be the same for seconds to be compared.
        circumstances: What else a reader wants to know.
        lines: The lines.
    """

    machine: dict[str, str]
    circumstances: dict[str, str]
    lines: Sequence[Line]

    def as_markdown(self) -> str:
        """Return the table, with what it depends on above."""
        facts = [f"- {key}: {value}" for key, value in {**self.machine, **self.circumstances}.items()]
        return "\n".join(facts) + "\n\n" + markdown(self.lines)


def load(file: Path = FILE) -> dict[str, Table]:
    """Return the last table of each user."""
    tables = json.loads(file.read_text())
    return {
        user: Table(table["machine"], table["circumstances"], [Line.from_dict(line) for line in table["lines"]])
        for user, table in tables.items()
    }


def require_writable() -> None:
    """Raise UnableError if a table could not be recorded; it would be a pity after half an hour."""
    for path in (FILE, PAGE):
        if not os.access(path, os.W_OK):
            raise UnableError(f"--record writes {path}, which you cannot write: measure from a copy of the checkout")


def record(user: str, table: Table, file: Path = FILE, page: Path = PAGE) -> None:
    """Write a user's table down, in the place of the last.

    Lines that were not measured now stay, if they are of the same machine.

    Args:
        user: Who measured.
        table: What was measured.
        file: Where the tables are kept.
        page: The page that shows them.
    """
    tables = load(file)
    last = tables.get(user)
    if last is not None and last.machine == table.machine:
        lines = {line.key: line for line in (*last.lines, *table.lines)}
        table = Table(table.machine, table.circumstances, list(lines.values()))
    tables[user] = table
    file.write_text(json.dumps({key: asdict(value) for key, value in tables.items()}, indent=1) + "\n")
    page.write_text(with_tables(page.read_text(), tables))


def with_tables(page: str, tables: dict[str, Table]) -> str:
    """Return a page with these tables between its marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    texts = [f"\n### As {user}\n\n{table.as_markdown()}" for user, table in sorted(tables.items(), reverse=True)]
    text = "".join(texts) or "\nNo table has been recorded yet.\n"
    return f"{before}{begin}{text}\n{end}{after}"
