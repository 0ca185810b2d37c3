"""The table in docs/howto/plugins.md, its rows in the tests, and the packages of the environment agree."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.ecosystem.plugins.rows import ROWS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]
HEADER = ["plugin", "versions tried", "what you write", "limits"]


def table() -> list[list[str]]:
    lines = [line for line in (ROOT / "docs" / "howto" / "plugins.md").read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_each_row_of_the_table_is_tested_and_each_tested_plugin_has_a_row() -> None:
    header, _, *rows = table()
    assert header == HEADER
    assert [row[0] for row in rows] == list(ROWS)
    assert all(len(row) == len(HEADER) for row in rows)


@pytest.mark.parametrize("name", [name for name in ROWS if name.startswith("pytest-")])
def test_each_plugin_is_in_the_environment(name: str) -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    lines = [line for line in [*groups["test"], *groups["ecosystem"]] if isinstance(line, str)]
    assert any(re.match(rf"{name}\b", line) for line in lines)
