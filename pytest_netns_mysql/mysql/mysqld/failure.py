"""The errors for a mysqld that does not start or does not answer: how it ended, its log, limits of the machine."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from pytest_netns_mysql.errors import ServerGoneError, ServerStartError
from pytest_netns_mysql.mysql.exitcodes import how_it_ended

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog

_KEPT_LINES = 20
_MOST_PRINTED = 1 << 16  # bytes
_OWN_SERVER = "in a test that stops the server, use a server of its own: factories.mysqld"
_AFTER_A_CRASH = (
    "unless somebody sent the signal, this is a bug in the server: report it with the statement",
    "read the rest in server.error_log",
    _OWN_SERVER,
)
_AFTER_A_KILL = ("if no test killed it, the kernel did for lack of memory: see dmesg; a server takes about 400 MB",)
# Messages of mysqld, the dynamic linker and cp(1) at a limit of the machine, and what to do.
_LIMITS = (
    (
        re.compile(r"SIGXFSZ|File too large|\berr(?:no|or):? (?:number )?27\b"),
        "the limit on file sizes was reached: raise it, ulimit -f unlimited",
    ),
    (
        re.compile(r"Too many open files|\b[Ee]rr(?:no|or):? (?:number )?24\b"),
        "the limit on open files is too low: raise it, ulimit -n 1024",
    ),
    (
        re.compile(r"No space left on device|Disk is full|Disk quota exceeded|\berr(?:no|or):? (?:number )?28\b"),
        "the disk is full: make room there, a data directory takes about 100 MB; what lies in the sandbox's /run lies "
        "in memory, at most half of the machine's: run fewer servers at once, or load less",
    ),
    (
        re.compile(r"Cannot allocate memory|bad_alloc|\berr(?:no|or):? (?:number )?12\b"),
        "there is not enough memory: a server takes about 400 MB; ulimit -v shows the limit",
    ),
)


def how_it_crashed(log: ErrorLog, clients: Mapping[int, str]) -> str:
    """Return the crash in a log as one line, or ''; ``clients`` has who opened which connection."""
    from pytest_netns_mysql.mysql.mysqld.crash import crash_in

    crash = crash_in(log.text)
    return "" if crash is None else crash.describe(clients)


def gone_error(code: int | None, where: str, log: ErrorLog, clients: Mapping[int, str]) -> ServerGoneError:
    """Return the error for a mysqld that has ended.

    Args:
        code: Its exit code, as Popen.returncode has it.
        where: The server's folder.
        log: Its error log since the start.
        clients: Who opened which of its connections, by number.
    """
    from pytest_netns_mysql.mysql.mysqld.crash import crash_in

    crash = crash_in(log.text)
    if crash is not None:
        return ServerGoneError(crash.describe(clients), where=where, tried=crash.details, remedies=_AFTER_A_CRASH)
    was_killed = code == -signal.SIGKILL  # so that it could log nothing
    return ServerGoneError(
        f"mysqld is not running: {how_it_ended(code)}",
        where=where,
        tried=log.errors if was_killed else log.telling_lines,
        remedies=[*(_AFTER_A_KILL if was_killed else ()), _OWN_SERVER],
    )


def printed(file: IO[bytes] | None) -> str:
    """Return what mysqld, or the dynamic linker in its place, printed into a file."""
    if file is None or file.closed:
        return ""
    return os.pread(file.fileno(), _MOST_PRINTED, 0).decode("utf-8", "replace")


def limits_met(text: str) -> list[str]:
    """Return what to do about each limit of the machine that a text names."""
    return [remedy for pattern, remedy in _LIMITS if pattern.search(text)]


@contextlib.contextmanager
def naming_limits(where: str) -> Iterator[None]:
    """Run a block; raise ServerStartError for an OSError that comes from a limit of the machine, such as open files."""
    try:
        yield
    except OSError as error:
        met = limits_met(str(error))
        if not met:
            raise
        raise ServerStartError(
            "the server could not be started: this process reached a limit of the machine",
            where=where,
            tried=[str(error)],
            remedies=met,
        ) from error


def start_error(
    what: str, command: Sequence[str], log: ErrorLog, printed: str, *, where: str = "", remedies: Sequence[str] = ()
) -> ServerStartError:
    """Return the error for a failed start.

    Args:
        what: What failed, and how mysqld ended.
        command: Its command line.
        log: Its error log since the start.
        printed: What it printed beside the log.
        where: The error's place, by default the command line.
        remedies: What to do, by default to read the log or the output.
    """
    said = [line for line in printed.splitlines() if line.strip()][-_KEPT_LINES:]
    lines = (log.errors and log.telling_lines) or [*said, *log.telling_lines]
    if remedies:
        ways_out = tuple(remedies)
    elif log.text.strip():
        ways_out = ("read the lines of the error log above",)
    elif said:
        ways_out = ("read what mysqld printed, above: it ended before it opened the error log",)
    else:
        ways_out = ("run the command line above in a shell: mysqld printed and logged nothing",)
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
    """Return the error for a running mysqld whose X Plugin does not listen on all of its addresses."""
    return ServerStartError(
        "mysqld runs, but X Plugin does not listen on every address of mysqlx_bind_address",
        command=command,
        log=log.text,
        codes=log.x_plugin.codes,
        messages=log.x_plugin.messages,
        where=where,
        tried=log.x_plugin.errors,
        remedies=["fix what the lines above name", "or start the server without X Plugin: require_mysqlx=False"],
    )


_LOWERED = re.compile(r"max_connections: (\d+) \((?:requested|was) (\d+)\)")
_FILES_BESIDE_CONNECTIONS = 810  # that mysqld keeps for tables and itself


def lowered_connections(command: Sequence[str], log: ErrorLog, where: str) -> ServerStartError | None:
    """Return the error for a running mysqld that allows fewer connections than it was asked for, or None."""
    found = _LOWERED.search(log.text)
    if found is None:
        return None
    allowed, wanted = map(int, found.groups())
    if allowed >= wanted:  # MariaDB names it if another limit was lowered, too
        return None
    return ServerStartError(
        f"mysqld allows {allowed} connections instead of max_connections = {wanted}: it may not open enough files",
        command=command,
        log=log.text,
        where=where,
        tried=[line for line in log.text.splitlines() if "Changed limits:" in line],
        remedies=[
            f"raise the limit on open files before pytest starts: ulimit -n {wanted + _FILES_BESIDE_CONNECTIONS}",
            f"or ask for fewer connections: max_connections = {allowed}",
        ],
    )


def silent_error(what: str, where: str, log: ErrorLog) -> ServerGoneError:
    """Return the error for a running mysqld that has left ``what`` unanswered."""
    return ServerGoneError(
        f"mysqld has not answered {what}",
        where=where,
        tried=log.telling_lines,
        remedies=[
            "find out whether mysqld is stopped (SIGSTOP), waits for a lock, or the machine is too busy",
            "if mysqld is only slow, raise netns_start_timeout (seconds)",
        ],
    )


def is_deaf(path: str, timeout: float) -> bool:
    """Return True if no server greets a client: connecting alone succeeds as long as the listening socket is open."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect(path)
            return not sock.recv(1)
        except OSError:
            return True
