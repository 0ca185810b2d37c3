"""The demo: five scenes, each with what was done and what the server said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_each_scene_shows_what_the_server_says() -> None:
    """As `make demo` runs it, without the other plugins of this environment."""
    command = [sys.executable, "-m", "pytest", "examples/demo", "-c", "examples/demo/pytest.ini", "-p", "no:asyncio"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(
        [
            "1. *",
            "     global> SELECT USER();",
            "     global_user@192.0.2.1",
            "2. *",
            "     red_user@192.0.2.2",
            "     blue_user@198.51.100.2",
            "3. *",
            "     1142 (42000): DROP command denied to user 'app'@'198.51.100.2' for table 'orders'",
            "4. *",
            "     1130: Host '198.51.100.2' is not allowed to connect to this MySQL server",
            "       why: no account of any user matches 198.51.100.2",
            "5. *",
            "     replica | 198.51.100.2:*",
            "     written_on_the_source",
            "5 passed in *",
        ]
    )
