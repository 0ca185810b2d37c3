"""The conftest.py of every suite, the same for all: it notes when each test's body begins, and when the last one ends.

It also notes the CPU seconds that this process and its descendants have used when the first body begins, when the last
one begins, and when the last one ends. No module is imported that pytest has not imported already.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_TICK = os.sysconf("SC_CLK_TCK")

_begun: list[float] = []
_ended: list[float] = []
_cpu: list[float] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Note when a body begins. What the CPU time takes to be read is between no two of these moments."""
    if not _begun:
        _cpu.append(_cpu_seconds())
    _begun.append(time.monotonic())
    if item is item.session.items[-1]:
        _cpu.append(_cpu_seconds())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Note when the last body ends."""
    if nextitem is None:
        _ended.append(time.monotonic())
        _cpu.append(_cpu_seconds())


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Write down what was noted; the process that hands the tests out to workers has noted nothing."""
    if _begun:
        lines = (" ".join(map(repr, moments)) for moments in (_begun, _ended, _cpu))
        Path(os.environ["BENCHMARK_STAMP"]).write_text("\n".join(lines))


def _cpu_seconds() -> float:
    """Return user and system time: to the microsecond for this process, in steps of 10 ms for its descendants."""
    waited_for = os.times()
    seconds = time.process_time() + waited_for.children_user + waited_for.children_system
    for pid in _descendants(os.getpid()):
        with contextlib.suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[11:15])) / _TICK  # utime, stime, cutime, cstime: see proc_pid_stat(5)
    return seconds


def _descendants(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _descendants(child)
