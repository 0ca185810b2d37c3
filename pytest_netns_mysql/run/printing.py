"""Lines for the user that cannot wait until pytest shows what a test printed."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import pytest

from pytest_netns_mysql.errors import printable

LINES = "netns_lines"
"""The key of a worker's input with the channel that takes lines for the user."""


def print_line(config: pytest.Config, line: str) -> None:
    """Print a line of its own past pytest's capturing, so that users know why a run takes long to start.

    A worker of xdist has the controller print the line.
    """
    line = "\n".join(map(printable, line.split("\n")))  # it may quote what a stranger wrote, such as an image's name
    channel = getattr(config, "workerinput", {}).get(LINES)
    if channel is not None:
        with contextlib.suppress(OSError):  # the controller has ended
            channel.send(line)
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
        if reporter is None:
            print(line, file=sys.__stderr__, flush=True)
            return
        reporter.ensure_newline()
        if config.get_terminal_writer().width_of_current_line:  # as with -q or in the controller of xdist
            reporter.write_line("")
        reporter.write_line(line)


def print_lines_of_worker(node: Any) -> None:
    """Print the lines of a worker of xdist; the worker itself has no terminal.

    Args:
        node: The worker, before it starts.
    """
    channel = node.gateway.newchannel()
    channel.setcallback(lambda line: print_line(node.config, line))  # in a thread of execnet
    node.workerinput[LINES] = channel
