"""Coverage and benchmarks of code that runs in namespaces."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.ecosystem.plugins.conftest import Beside

pytestmark = pytest.mark.as_user

SETTINGS = """\
[run]
parallel = true
patch = subprocess
"""
THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True, name='eager').start()\n"
LAST_LINE = 13  # of shop.py, which no test runs


def missing_lines(beside: Beside) -> Any:
    return json.loads((beside.path / "coverage.json").read_text())["files"]["shop.py"]["missing_lines"]


@pytest.mark.parametrize("core", ["ctrace", "sysmon"])
@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["one process", "xdist"])
def test_code_in_namespaces_threads_and_child_processes_is_measured(
    beside: Beside, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], core: str
) -> None:
    if core == "sysmon" and sys.version_info < (3, 12):
        core = "pytrace"  # what coverage has instead in older versions of Python
    monkeypatch.setenv("COVERAGE_CORE", core)
    beside.write("covered", places="places", shop="shop")
    (beside.path / ".coveragerc").write_text(SETTINGS)
    result = beside.run("--cov=shop", "--cov-report=json", *arguments, plugins=["xdist", "pytest_cov"])
    result.assert_outcomes(passed=5)
    assert missing_lines(beside) == [LAST_LINE]


def test_code_is_measured_where_pytest_has_started_again(beside: Beside, pytester: pytest.Pytester) -> None:
    """As it does for an ordinary user, where a plugin starts a thread before a user namespace can be entered."""
    pytester.makepyfile(eager=THREAD)
    beside.write("covered", places="places", shop="shop")
    (beside.path / ".coveragerc").write_text(SETTINGS)
    arguments = "--cov=shop", "--cov-report=json", "--netns-mode=rootless"
    beside.run(*arguments, plugins=["eager", "pytest_cov"]).assert_outcomes(passed=5)
    assert missing_lines(beside) == [LAST_LINE]


def test_a_statement_is_measured_by_pytest_benchmark_from_each_namespace(beside: Beside) -> None:
    beside.write("benchmarked", places="places")
    result = beside.run("--benchmark-json=times.json", plugins=["benchmark"])
    result.assert_outcomes(passed=3)
    times = json.loads((beside.path / "times.json").read_text())["benchmarks"]
    assert {time["name"] for time in times} == {"test_statement[red]", "test_statement[blue]", "test_plain"}
