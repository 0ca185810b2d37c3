"""Reading mysqld's error log: errors, their codes, and the lines that explain a failure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_CODE = re.compile(r"\[(MY-\d{6})\]")
_PRIORITY = re.compile(r"\[(ERROR|Error)\]")
_MESSAGE = re.compile(r"\[(?:ERROR|Error)\] (?:\[[^\]]*\] )*(.*)")
_X_PLUGIN = "Plugin mysqlx reported:"
# MariaDB writes whole seconds of the local time, and hours below 10 with a blank.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)| [ \d]\d:\d\d:\d\d)(?= )")
_KEPT_LINES = 20
# What mysqld and mariadbd write first and last while they start.
_START = re.compile(r"MySQL Server - start\.|starting as process|Starting MariaDB")
_STARTED = re.compile(r": ready for connections\.")
_START_FAILED = re.compile(r"\bAborting$|MySQL Server - end\.|Shutdown complete")


@dataclass(frozen=True)
class ErrorLog:
    """The text of an error log; see the manual, "Error Log Output Format".

    Attributes:
        text: The text.
    """

    text: str

    @property
    def errors(self) -> list[str]:
        """The lines of priority ERROR."""
        return [line for line in self.text.splitlines() if _PRIORITY.search(line)]

    @property
    def codes(self) -> list[str]:
        """The codes of the error lines, such as ``MY-010119``, in order and without repeats."""
        return list(dict.fromkeys(code for line in self.errors for code in _CODE.findall(line)))

    @property
    def messages(self) -> list[str]:
        """The messages of the error lines, without time, code and subsystem."""
        return [found[1] for line in self.errors if (found := _MESSAGE.search(line))]

    @property
    def x_plugin(self) -> ErrorLog:
        """The part of the log with X Plugin's errors, in spite of which mysqld goes on running."""
        return ErrorLog("\n".join(line for line in self.errors if _X_PLUGIN in line))

    @property
    def telling_lines(self) -> list[str]:
        """The last error lines, or the end of the log if it has no error line."""
        return self.errors[-_KEPT_LINES:] or self.tail(_KEPT_LINES)

    def since(self, moment: datetime) -> list[str]:
        """Return the lines written since ``moment``, a time with a time zone; MariaDB's since the full second."""
        lines = self.text.splitlines()
        times = ((number, time_of(line)) for number, line in enumerate(lines))
        first = (number for number, found in times if found and found >= _from(moment, found))
        return lines[next(first, len(lines)) :]

    @property
    def after_starts(self) -> ErrorLog:
        """The log without the messages of each start that succeeded."""
        kept: list[str] = []
        start: int | None = None
        for line in self.text.splitlines():
            kept.append(line)
            if start is None and _START.search(line):
                start = len(kept) - 1
            elif start is not None and _STARTED.search(line):
                del kept[start:]
                start = None
            elif _START_FAILED.search(line):
                start = None
            elif line.startswith("Version: '"):  # MariaDB writes it behind the last message of its start
                del kept[-1:]
        return ErrorLog("\n".join(kept))

    def tail(self, lines: int) -> list[str]:
        """Return the last ``lines`` lines."""
        return self.text.splitlines()[-lines:] if lines else []


def time_of(line: str) -> datetime | None:
    """Return the time of a line of an error log; None for a line that begins with none, as those of a stack trace."""
    found = _TIME.match(line)
    if found is None:
        return None
    text = found[0]
    if "T" in text:  # it ends in Z, or in an offset if log_timestamps is SYSTEM
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    return datetime.strptime(text.replace("  ", " 0"), "%Y-%m-%d %H:%M:%S").astimezone()


def without_time(line: str) -> str:
    """Return a line of an error log without the time that it begins with."""
    return _TIME.sub("", line, count=1).lstrip()


def _from(moment: datetime, written: datetime) -> datetime:
    return moment if written.microsecond else moment.replace(microsecond=0)
