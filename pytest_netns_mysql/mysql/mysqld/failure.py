"""Why a mysqld does not answer: how it ended, what it said, and the limit of the machine that it met."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from pytest_netns_mysql.errors import ServerGoneError, ServerStartError
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld.crash import crash_in
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog

_KEPT_LINES = 20
_MOST_PRINTED = 1 << 16  # bytes
_ON_ONES_OWN = "a test that stops the server does it to one of its own, from factories.mysqld"
_AFTER_A_CRASH = (
    "a bug of the server's, unless somebody sent the signal: report it with the statement",
    "read the rest in server.error_log",
    _ON_ONES_OWN,
)
_AFTER_A_KILL = ("if no test killed it, the kernel did, for want of memory: see dmesg; a server takes about 400 MB",)
# What a limit makes mysqld, the dynamic linker or cp(1) say, and what to do.
_LIMITS = (
    (
        re.compile(r"SIGXFSZ|File too large|\berr(?:no|or):? (?:number )?27\b"),
        "a limit of the size of files is in force: raise it, ulimit -f unlimited",
    ),
    (
        re.compile(r"Too many open files|\b[Ee]rr(?:no|or):? (?:number )?24\b"),
        "the limit of open files is too low: raise it, ulimit -n 1024",
    ),
    (
        re.compile(r"No space left on device|Disk is full|Disk quota exceeded|\berr(?:no|or):? (?:number )?28\b"),
        "the disk is full: make room there, a data directory takes about 100 MB",
    ),
    (
        re.compile(r"Cannot allocate memory|bad_alloc|\berr(?:no|or):? (?:number )?12\b"),
        "there is not enough memory: a server takes about 400 MB, ulimit -v says how much there may be",
    ),
)


def how_it_crashed(log: ErrorLog, clients: Mapping[int, str]) -> str:
    """Return one line for a crash that a log tells of, or ''; ``clients`` says who opened which connection."""
    crash = crash_in(log.text)
    return "" if crash is None else crash.describe(clients)


def gone_error(code: int | None, where: str, log: ErrorLog, clients: Mapping[int, str]) -> ServerGoneError:
    """Return the error for a mysqld that does not run any more.

    Args:
        code: Its exit code, as Popen.returncode has it.
        where: The server's folder.
        log: What it logged since it was started.
        clients: Who opened which of its connections, by number.
    """
    crash = crash_in(log.text)
    if crash is not None:
        return ServerGoneError(crash.describe(clients), where=where, tried=crash.details, remedies=_AFTER_A_CRASH)
    was_killed = code == -signal.SIGKILL  # at once: it has logged nothing of it
    return ServerGoneError(
        f"mysqld is not running: {how_it_ended(code)}",
        where=where,
        tried=log.errors if was_killed else log.telling_lines,
        remedies=[*(_AFTER_A_KILL if was_killed else ()), _ON_ONES_OWN],
    )


def printed(file: IO[bytes] | None) -> str:
    """Return what a program printed into a file: mysqld beside its log, or the dynamic linker in its place."""
    if file is None or file.closed:
        return ""
    return os.pread(file.fileno(), _MOST_PRINTED, 0).decode("utf-8", "replace")


def limits_met(text: str) -> list[str]:
    """Return what to do of the limits of the machine that a text tells of."""
    return [remedy for pattern, remedy in _LIMITS if pattern.search(text)]


@contextlib.contextmanager
def naming_limits(where: str) -> Iterator[None]:
    """Raise ServerStartError in place of an OSError that a limit of the machine led to, such as one of open files."""
    try:
        yield
    except OSError as error:
        met = limits_met(str(error))
        if not met:
            raise
        raise ServerStartError(
            "the server could not be started: this process met a limit of the machine",
            where=where,
            tried=[str(error)],
            remedies=met,
        ) from error


def start_error(
    what: str, command: Sequence[str], log: ErrorLog, printed: str, *, where: str = "", remedies: Sequence[str] = ()
) -> ServerStartError:
    """Return the error that tells why a start failed.

    Args:
        what: What failed, and how mysqld ended.
        command: Its command line.
        log: What it logged since it was started.
        printed: What it printed beside its log.
        where: What the error names as its place, by default the command line.
        remedies: What to do, by default to read what mysqld said.
    """
    said = [line for line in printed.splitlines() if line.strip()][-_KEPT_LINES:]
    lines = (log.errors and log.telling_lines) or [*said, *log.telling_lines]
    if remedies:
        ways_out = tuple(remedies)
    elif log.text.strip():
        ways_out = ("read the lines of the error log above",)
    elif said:
        ways_out = ("read what mysqld printed, above: it ended before it opened its log",)
    else:
        ways_out = ("run the command line above in a shell: mysqld printed nothing, and logged nothing",)
    return ServerStartError(
        what,
        command=command,
        log=log.text,
        codes=log.codes,
        messages=log.messages,
        where=where or shlex.join(command),
        tried=lines,
        remedies=[*limits_met("\n".join([what, *lines])), *ways_out],
    )


def x_plugin_error(command: Sequence[str], log: ErrorLog, where: str) -> ServerStartError:
    """Return the error for a mysqld that runs, and whose X Plugin does not listen on all of its addresses."""
    return ServerStartError(
        "X Plugin did not come up on every address of mysqlx_bind_address, though mysqld runs",
        command=command,
        log=log.text,
        codes=log.x_plugin.codes,
        messages=log.x_plugin.messages,
        where=where,
        tried=log.x_plugin.errors,
        remedies=["mend what the lines above name", "require_mysqlx=False, for a server that runs without it"],
    )


def silent_error(what: str, where: str, log: ErrorLog) -> ServerGoneError:
    """Return the error for a mysqld that runs and has left ``what`` without an answer."""
    return ServerGoneError(
        f"mysqld has not answered {what}",
        where=where,
        tried=log.telling_lines,
        remedies=[
            "see what it does: whether it is stopped (SIGSTOP), waits for a lock, or the machine is too busy",
            "raise netns_start_timeout (seconds), where it is only slow",
        ],
    )


def is_deaf(path: str, timeout: float) -> bool:
    """Return True if nobody greets a client: connecting succeeds for as long as the listening socket is open."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect(path)
            return not sock.recv(1)
        except OSError:
            return True
