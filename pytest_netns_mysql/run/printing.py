"""Lines for the user that cannot wait until pytest shows what a test printed."""

from __future__ import annotations

import sys

import pytest


def print_line(config: pytest.Config, line: str) -> None:
    """Print a line past pytest's capturing, so that users know why a run takes long to start."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or capture is None:
        print(line, file=sys.__stderr__, flush=True)
        return
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(line)
