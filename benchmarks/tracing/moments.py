"""A plugin of pytest, `-p moments`, for the timeline: moments of pytest, of fixtures and of the server."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator
from datetime import datetime
from pathlib import Path

import pytest
from sitecustomize import note

_LOGGED = re.compile(r"^(\S+Z) (.*)$", re.MULTILINE)

note("pytest loads its plugins")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Note that all plugins are loaded."""
    note("pytest has loaded its plugins")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Note that conftests are imported and pytest is configured."""
    note("pytest is configured")


def pytest_collection_finish() -> None:
    """Note that pytest has collected."""
    note("the test is collected")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """Note when each public fixture of the plugin is asked for, and when it is there."""
    name = fixturedef.argname
    if not name.startswith("netns"):
        return (yield)
    note(f"fixture {name} is asked for")
    value = yield
    note(f"fixture {name} is there")
    return value


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Note the first line of the test."""
    note("the test's first line")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Note the last line of the test, and, from what the server says of itself, when it booted."""
    note("the test's last line")
    server = getattr(item, "funcargs", {}).get("netns_mysqld")
    if server is not None:
        ticks = int(Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[19])
        boottime = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        # The kernel rounds down: half a tick is what it is too early, on average.
        note("mysqld: its process begins (10 ms steps)", (ticks + 0.5) / os.sysconf("SC_CLK_TCK") - boottime)
        realtime = time.time() - time.monotonic()
        lines = [(datetime.fromisoformat(at), text) for at, text in _LOGGED.findall(str(server.error_log))]
        note("mysqld: first line of its log", lines[0][0].timestamp() - realtime)
        ready = next(at for at, text in lines if "ready for connections" in text)
        note("mysqld: ready for connections, by its log", ready.timestamp() - realtime)
        note("(the timeline has read the server's log)")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Note the end of the last teardown."""
    note("the test's teardown is over")


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary() -> None:
    """Note that pytest begins its summary."""
    note("pytest's summary begins")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Note that pytest is done."""
    note("pytest is done")
