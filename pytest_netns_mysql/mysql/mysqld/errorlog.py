"""Reading mysqld's error log: errors, their codes, and the lines that explain a failure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_CODE = re.compile(r"\[(MY-\d{6})\]")
_PRIORITY = re.compile(r"\[(ERROR|Error)\]")
_MESSAGE = re.compile(r"\[(?:ERROR|Error)\] (?:\[[^\]]*\] )*(.*)")
_X_PLUGIN = "Plugin mysqlx reported:"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)(?= )")
_KEPT_LINES = 20


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
        """Return the lines written since ``moment``, a time with a time zone."""
        lines = self.text.splitlines()
        times = ((number, _TIME.match(line)) for number, line in enumerate(lines))
        first = next((number for number, found in times if found and _time(found[0]) >= moment), len(lines))
        return lines[first:]

    def tail(self, lines: int) -> list[str]:
        """Return the last ``lines`` lines."""
        return self.text.splitlines()[-lines:] if lines else []


def _time(text: str) -> datetime:
    """Return a timestamp's time; it ends in Z, or in an offset if log_timestamps is SYSTEM."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
