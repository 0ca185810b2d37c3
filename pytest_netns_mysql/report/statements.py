"""The last statements of a server's clients, for reports: from performance_schema, or from the general query log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.dialects.passwords import without_passwords
from pytest_netns_mysql.mysql.dialects.quoting import decoded
from pytest_netns_mysql.report.reportdata import Statement

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_MOST = 20
# See the manual, "Performance Schema Statement Event Tables". Timers count picoseconds since the server started.
_HISTORY = f"""
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, h.SQL_TEXT, h.MYSQL_ERRNO, h.MESSAGE_TEXT,
    CAST((SELECT MAX(c.TIMER_START) FROM performance_schema.events_statements_current c
        JOIN performance_schema.threads own USING (THREAD_ID) WHERE own.PROCESSLIST_ID = CONNECTION_ID()) AS SIGNED)
        - CAST(h.TIMER_END AS SIGNED)
FROM performance_schema.events_statements_history h JOIN performance_schema.threads t USING (THREAD_ID)
WHERE h.SQL_TEXT IS NOT NULL AND t.PROCESSLIST_ID IS NOT NULL AND t.PROCESSLIST_ID <> CONNECTION_ID()
ORDER BY h.TIMER_END DESC LIMIT {_MOST}
"""
_LOG_FILE = """
SELECT @@GLOBAL.general_log AND @@GLOBAL.log_output LIKE '%FILE%', @@GLOBAL.general_log_file, @@GLOBAL.datadir
"""
_MOST_OF_LOG = 1 << 20  # bytes, of the end of the general query log
_LONGEST = 2_000  # characters of a statement
# A line of MySQL is "2026-11-26T19:10:14.298050Z", a tab, "    8 Query", a tab and the statement; with log_timestamps =
# SYSTEM an offset stands in place of Z. MariaDB writes the time as "261126 19:10:14", and only where it differs from
# the line before. A statement may have several lines.
_LOGGED = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)|\d{6} [ \d]\d:\d\d:\d\d)?\t+ *(?P<number>\d+) "
    r"(?P<command>[A-Z][A-Za-z ]+)\t"
    r"(?P<text>(?:.*)(?:\n(?!(?:\d{4}-\d\d-\d\dT|\d{6} [ \d]\d:|\t+ *\d+ [A-Z])).*)*)",
    re.MULTILINE,
)


def statements(server: Instance, since: float) -> list[Statement]:
    """Return the last statements of a server's clients, the oldest first, without those of the administrator.

    Where the general query log is on, these are the statements of all connections; else those of the connections that
    are still open, as performance_schema keeps them. MariaDB has neither by default.

    Args:
        server: The server.
        since: The start of the test, in seconds since the epoch.

    Raises:
        NetnsError, mysql.connector.Error: The server does not answer.
    """
    log = _read_general_log(server)
    found = _kept(server) if log is None else _logged(server, log)
    return [statement for statement in found if statement.at is None or statement.at >= since][-_MOST:]


def _read_general_log(server: Instance) -> str | None:
    """Return the text of the general query log, or None if the log is off or out of reach."""
    ((row,),) = server._administrator.ask(_LOG_FILE)
    if decoded(row[0]) != "1":
        return None
    with server.network[GLOBAL]:  # the file exists in the sandbox only, and this thread may be outside
        file = Path(decoded(row[2])) / decoded(row[1])
        if not file.exists():
            return None
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _MOST_OF_LOG))
            return stream.read().decode(errors="replace")


def _kept(server: Instance) -> Iterator[Statement]:
    now = clock.now()
    (rows,) = server._administrator.ask(_HISTORY)
    own = server._administrator.numbers
    for number, user, host, text, errno, message, age in reversed(rows):
        if int(number or 0) not in own:
            error = f"{decoded(errno)}: {decoded(message)}" if decoded(errno) not in ("", "0") else ""
            account = f"{decoded(user)}@{decoded(host)}"
            at = now - int(age or 0) / 1e12
            yield Statement(at, server.name, account, _shown(decoded(text)), error, int(number or 0))


def _logged(server: Instance, text: str) -> Iterator[Statement]:
    who: dict[str, str] = {}
    own = {"0", *map(str, server._administrator.numbers)}  # 0 are the server's own threads
    at: float | None = None
    for found in _LOGGED.finditer(text):
        number, command = found["number"], found["command"]
        at = _moment(found["time"]) if found["time"] else at
        if command == "Connect":
            who[number] = found["text"].partition(" ")[0]
        elif command in ("Query", "Execute") and number not in own:
            yield Statement(at, server.name, who.get(number, ""), _shown(found["text"]), connection=int(number))


def _shown(text: str) -> str:
    """Return a statement without its passwords, and without its end if it is long."""
    text = without_passwords(text.strip())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _moment(text: str) -> float:
    if "T" in text:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    # Whole seconds of the local time: the end of the second, so that nothing of the test is left out.
    return datetime.strptime(text, "%y%m%d %H:%M:%S").astimezone().timestamp() + 1
