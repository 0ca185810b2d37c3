"""What every pytest run pays for the plugin, and when it wakes up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.suites import Suite

TWICE = """\
import sys
import pytest

for _ in range(2):
    code = pytest.main(["-q", "-W", "error", "-p", "no:asyncio", "-p", "no:cacheprovider", "test_nothing.py"])
    if code != 0:
        sys.exit(code)
"""


def test_modules_are_loaded_past_the_loader_that_rewrites_assertions(suite: Suite) -> None:
    suite("plugin/loaders").assert_outcomes(passed=1)


def test_a_fixture_asked_for_by_name_wakes_the_plugin(suite: Suite) -> None:
    suite("plugin/by_name").assert_outcomes(passed=1)


def test_pytest_runs_twice_in_a_process(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing(netns_topology): assert netns_topology.name\n")
    result = subprocess.run([sys.executable, "-c", TWICE], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
