"""Moments of one Python process, for the timeline: a folder on PYTHONPATH has this file, and site(3) imports it.

Each moment is written with the time by CLOCK_MONOTONIC and with the CPU seconds that the process had used. The audit
hook sees every event of the interpreter, see "Audit events table" in Python's library reference: it costs some
milliseconds.
"""

from __future__ import annotations

import atexit
import os
import sys
import time

MOMENTS = "BENCHMARK_MOMENTS"  # the environment variable with the path of the file to write, without the pid behind it

_moments: list[tuple[str, float, float]] = []


def note(name: str, at: float | None = None) -> None:
    """Note a moment: now, or an earlier one of another process."""
    if at is None:
        _moments.append((name, time.monotonic(), time.process_time()))
    else:
        _moments.append((name, at, -1.0))


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        note(f"connect to {address[0]}" if isinstance(address, tuple) else "connect to a unix socket")
    elif event == "exec" and getattr(arguments[0], "co_filename", "").endswith("pytest/__main__.py"):
        note("pytest is imported")  # runpy imports the package, then runs its __main__


def _write() -> None:
    note("Python begins to end")
    with open(f"{os.environ[MOMENTS]}.{os.getpid()}", "w") as file:  # noqa: PTH123 - pathlib would be imported early
        file.writelines(f"{at!r} {cpu!r} {name}\n" for name, at, cpu in _moments)


if MOMENTS in os.environ:
    note("Python is up")
    sys.addaudithook(_hook)
    atexit.register(_write)  # the first that is registered is called last
