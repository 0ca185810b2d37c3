"""The ways in which a session can end, and the stages at which it does."""

from __future__ import annotations

import signal

from tests.stress.endings.session import Ending

EARLY = ("import", "configure", "collection", "sandbox", "boot")
LATE = ("setup", "call", "called", "teardown", "session_end", "unconfigure", "exit")
STAGES = EARLY + LATE

_IN_A_HOOK = ("raise", "interrupt", "sys_exit", "os_exit", "pytest_exit", "segfault", "abort", "sigterm", "sigkill")
"""What the session does itself."""

_KILL = int(signal.SIGKILL)
_STOP = int(signal.SIGSTOP)
_INT = int(signal.SIGINT)

_BY_SIGNALS = {
    "Ctrl-C": [("group", _INT, 0.0)],
    "Ctrl-C twice": [("group", _INT, 0.0), ("group", _INT, 0.1)],
    "Ctrl-C twice at once": [("group", _INT, 0.0), ("group", _INT, 0.0)],
    "Ctrl-C five times": [("group", _INT, 0.05)] * 5,
    "SIGINT of pytest": [("main", _INT, 0.0)],
    "SIGTERM": [("main", int(signal.SIGTERM), 0.0)],
    "SIGTERM of all": [("group", int(signal.SIGTERM), 0.0)],
    "SIGHUP": [("main", int(signal.SIGHUP), 0.0)],
    "SIGQUIT": [("main", int(signal.SIGQUIT), 0.0)],
    "SIGKILL": [("main", _KILL, 0.0)],
    "SIGKILL of all": [("group", _KILL, 0.0)],
    "SIGSTOP, then SIGKILL": [("main", _STOP, 0.0), ("main", _KILL, 0.2)],
    "SIGSTOP of mysqld, then SIGKILL": [("mysqld", _STOP, 0.0), ("main", _KILL, 0.1)],
    "SIGKILL of mysqld, then Ctrl-C": [("mysqld", _KILL, 0.0), ("group", _INT, 0.2)],
    "SIGSTOP of mysqld, then Ctrl-C": [("mysqld", _STOP, 0.0), ("group", _INT, 0.2)],
    "a closed terminal": [("terminal", 0, 0.0)],
    "SIGKILL of the parent, then of pytest": [("parent", _KILL, 0.0), ("group", _KILL, 0.1)],
}
"""What is sent to a session that waits at the stage, or goes on."""

STOPPED_WORKER = (("worker", _STOP, 0.0), ("main", _KILL, 0.2))

_OF_A_WORKER = {
    "SIGKILL of a worker": [("worker", _KILL, 0.0)],
    "SIGSTOP of a worker, then SIGKILL": [*STOPPED_WORKER],
    "SIGTERM of a worker": [("worker", int(signal.SIGTERM), 0.0)],
}
"""What is sent to one of two workers: the others finish."""


def inside(where: str = "main") -> list[Ending]:
    """Return the ways in which a session ends itself, at each stage."""
    acts = [Ending(act, stage, act, (), where) for act in _IN_A_HOOK for stage in STAGES]
    limits = [Ending(act, stage, act, (), where) for act in ("memory", "files", "processes") for stage in EARLY]
    return [*acts, *limits, Ending("exec", "call", "exec", (), where), Ending("none", "exit", "go", (), where)]


def by_signals(where: str = "main") -> list[Ending]:
    """Return the ways in which signals end a session, at each stage, while it waits there."""
    ways = {**_BY_SIGNALS, **(_OF_A_WORKER if where != "main" else {})}
    # Before this plugin is loaded, a worker outlives its controller for five to fifteen seconds, as xdist has it. While
    # one worker waits to be configured, the other may not have come so far.
    stages = [stage for stage in STAGES if where == "main" or stage not in ("import", "configure")]
    return [Ending(name, stage, "wait", tuple(signals), where) for name, signals in ways.items() for stage in stages]


def on_the_way(seconds: float, where: str = "main") -> list[Ending]:
    """Return the ways in which signals end a session some time after it has passed a stage."""
    return [
        Ending(f"{ending.name}, {seconds:.3f} s later", ending.stage, "go", _later(ending.signals, seconds), where)
        for ending in by_signals(where)
    ]


def _later(signals: tuple[tuple[str, int, float], ...], seconds: float) -> tuple[tuple[str, int, float], ...]:
    (target, number, pause), *others = signals
    return ((target, number, pause + seconds), *others)
