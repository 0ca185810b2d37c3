"""The benchmarks' own code: what they count, what they call worse, and that they use the plugin as users do."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import records
from benchmarks.records import Table
from benchmarks.table import Line, Spread, comparison

FOLDER = Path(__file__).parent.parent / "benchmarks"
MACHINE = {"CPU": "a CPU", "kernel": "a kernel"}
LINE = Line(
    "idle",
    "plugin installed",
    "without",
    "more",
    ours=Spread(0.42, 0.43, 0.44),
    other=Spread(0.4, 0.4, 0.4),
    result=Spread(0.02, 0.03, 0.04),
    ratio=Spread(1.05, 1.075, 1.1),
    aim=0.005,
)

# It burns CPU time in a grandchild that outlives the command, and that nobody but the reaper waits for.
ORPHAN = """\
import subprocess, sys
burn = "import time\\nwhile time.process_time() < 0.5: pass"
middle = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
subprocess.run([sys.executable, "-c", middle], check=True)
"""


def reaper(file: Path, code: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", str(FOLDER / "reaper.py"), str(file), sys.executable, "-I", "-c", code]
    return subprocess.run(command, check=False)


def test_the_reaper_counts_cpu_seconds_of_orphans(tmp_path: Path) -> None:
    assert reaper(tmp_path / "result", ORPHAN).returncode == 0
    times = json.loads((tmp_path / "result").read_text())
    assert times["cpu"] >= 0.5
    assert times["begin"] < times["end"] < times["gone"]


def test_the_reaper_returns_the_exit_status(tmp_path: Path) -> None:
    assert reaper(tmp_path / "result", "raise SystemExit(7)").returncode == 7


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert Spread.of([5.0]) == Spread(5.0, 5.0, 5.0)
    assert Spread.of([1.0, 2.0, 3.0, 4.0, 5.0]) == Spread(2.0, 3.0, 4.0)
    assert Spread(0.0114, 0.0121, 0.0133).as_time("+") == "+12.1 ms (+11.4 to +13.3)"


def test_a_missed_aim_is_shown() -> None:
    assert "<= 5 ms, **missed**" in LINE.as_markdown()
    assert "<= 40 ms, met" in replace(LINE, aim=0.04).as_markdown()
    assert ">= 2, **missed**" in replace(LINE, kind="faster", result=Spread(1, 1.5, 3), aim=2.0).as_markdown()


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.041, 0.05, "**worse**"), (0.039, 0.05, ""), (0.01, 0.019, "better")]
)
def test_a_line_is_worse_only_beyond_both_spreads(low: float, high: float, verdict: str) -> None:
    now = replace(LINE, result=Spread(low, high, high))
    (line,) = comparison([now], [LINE], same_machine=True).splitlines()[2:]
    assert line.endswith(f"| {verdict} |")


def test_on_another_machine_ratios_are_compared() -> None:
    slower = replace(LINE, result=Spread(0.2, 0.3, 0.4), ratio=LINE.ratio)
    assert "worse" not in comparison([slower], [LINE], same_machine=False)


def test_a_recorded_table_is_read_back_and_shown(tmp_path: Path) -> None:
    file, page = tmp_path / "last.json", tmp_path / "page.md"
    file.write_text("{}")
    page.write_text((FOLDER / "README.md").read_text())
    other = replace(LINE, key="marker", what="marker alone")
    for lines in ([LINE, other], [replace(LINE, what="plugin switched off")]):
        records.record("root", Table(MACHINE, {"date": "2026-01-01"}, lines), file, page)
    tables = records.load(file)
    assert [line.what for line in tables["root"].lines] == ["plugin switched off", "marker alone"]
    assert page.read_text() == records.with_tables(page.read_text(), tables)
    assert "plugin switched off" in page.read_text()


def test_the_page_shows_the_last_tables() -> None:
    page = (FOLDER / "README.md").read_text()
    assert page == records.with_tables(page, records.load())


def test_no_private_module_is_imported() -> None:
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.startswith("pytest_netns_mysql")], file
        assert "pytest_netns_mysql." not in file.read_text(), file
