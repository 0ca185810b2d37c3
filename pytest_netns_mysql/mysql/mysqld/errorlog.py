"""What mysqld's error log says: its codes, and the lines that matter."""

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
    """Read an error log; see the manual, "Error Log Output Format"."""

    text: str

    @property
    def errors(self) -> list[str]:
        """Return the lines of priority ERROR."""
        return [line for line in self.text.splitlines() if _PRIORITY.search(line)]

    @property
    def codes(self) -> list[str]:
        """Return the codes of the error lines, in order and without repeats."""
        return list(dict.fromkeys(code for line in self.errors for code in _CODE.findall(line)))

    @property
    def messages(self) -> list[str]:
        """Return what the error lines say, behind their code and subsystem."""
        return [found[1] for line in self.errors if (found := _MESSAGE.search(line))]

    @property
    def x_plugin(self) -> ErrorLog:
        """Return what X Plugin complains of: mysqld runs on without it."""
        return ErrorLog("\n".join(line for line in self.errors if _X_PLUGIN in line))

    @property
    def telling_lines(self) -> list[str]:
        """Return the error lines, or the end of the log where it has none."""
        return self.errors[-_KEPT_LINES:] or self.tail(_KEPT_LINES)

    def since(self, moment: datetime) -> list[str]:
        """Return the lines written since ``moment``, an aware time, by the timestamps that begin them."""
        lines = self.text.splitlines()
        times = ((number, _TIME.match(line)) for number, line in enumerate(lines))
        first = next((number for number, found in times if found and _time(found[0]) >= moment), len(lines))
        return lines[first:]

    def tail(self, lines: int) -> list[str]:
        """Return the last lines."""
        return self.text.splitlines()[-lines:] if lines else []


def _time(text: str) -> datetime:
    """Read a timestamp; log_timestamps makes it end in Z or, with SYSTEM, in an offset."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
