"""A crash of mysqld: what the error log says of the signal, the statement and the thread."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SIGNAL = re.compile(r"\bgot signal (\d+) ;")
_CONNECTION = re.compile(r"^Connection ID \(thread ID\): (\d+)$", re.MULTILINE)
# MySQL writes the connection behind the statement, MariaDB before it. A statement may have several lines.
_STATEMENT = re.compile(
    r"^Query \((?:0x)?[0-9a-f]+\): (.*?)\n*(?:^Connection ID \(thread ID\): |^Optimizer switch: |^The manual page|\Z)",
    re.MULTILINE | re.DOTALL,
)
_REPEATED = "[MY-013951]"  # MySQL repeats the trace of the last crash when it starts
_NO_STATEMENT = ("", "is an invalid pointer", "(null)")
_FRAME = re.compile(r"\b_Z[NKLS]*(\d[0-9A-Za-z_]*)")
# The functions of the signal's handler, which come first in the stack.
_HANDLERS = ("my_print_stacktrace", "print_fatal_signal", "handle_fatal_signal", "my_server_abort")
_MOST_FRAMES = 6
_MOST_OF_STATEMENT = 200  # characters


@dataclass(frozen=True)
class Crash:
    """What mysqld wrote to its error log as it crashed. See the manual, "Using a Stack Trace".

    Attributes:
        signal: The number of the signal.
        statement: The statement that the thread ran, as one line, or '' where the log has none.
        connection: The number of the connection that the thread served, or None for a thread of the server's own.
        functions: The functions that the thread was in, the innermost first.
        complaint: The line that the server wrote before, such as a failed assertion, or ''.
    """

    signal: int
    statement: str = ""
    connection: int | None = None
    functions: tuple[str, ...] = ()
    complaint: str = ""

    def describe(self, clients: Mapping[int, str] | None = None) -> str:
        """Return one line for a reader; ``clients`` says who opened a connection, by its number."""
        number = self.connection
        if number is None:
            where = "in a thread of its own, not for a connection"
        else:
            client = (clients or {}).get(number, "")
            known = f" ({client})" if client else ""
            did = f"ran {_short(self.statement)}" if self.statement else "ran no statement"
            where = f"while connection {number}{known} {did}"
        return f"mysqld crashed: signal {self.signal}{_name(self.signal)} {where}"

    @property
    def details(self) -> list[str]:
        """Lines on where in the server it crashed: the failed assertion, and the stack."""
        stack = [f"stack: {', '.join(self.functions)}"] if self.functions else []
        return [*([self.complaint] if self.complaint else []), *stack]


def crash_in(log: str) -> Crash | None:
    """Return the last crash in an error log, or None."""
    log = "\n".join(line for line in log.splitlines() if _REPEATED not in line)
    found = list(_SIGNAL.finditer(log))
    if not found:
        return None
    last = found[-1]
    text = log[last.end() :]
    connection, statement = _CONNECTION.search(text), _STATEMENT.search(text)
    written = " ".join(statement[1].split()) if statement else ""
    return Crash(
        int(last[1]),
        "" if written in _NO_STATEMENT else written,
        None if connection is None or connection[1] == "0" else int(connection[1]),
        tuple(_functions(text)),
        _complaint(log[: last.start()]),
    )


def _functions(text: str) -> Iterator[str]:
    """Yield the names of the functions in a stack trace, without the signal's handler."""
    names = [name for line in text.splitlines() if (found := _FRAME.search(line)) and (name := _demangled(found[1]))]
    yield from [name for name in names if name not in _HANDLERS][:_MOST_FRAMES]


def _demangled(text: str) -> str:
    """Return the qualified name in a mangled one, without types: ``15Item_func_sleep7val_intEv`` has two parts."""
    parts = []
    while found := re.match(r"\d+", text):
        end = found.end() + int(found[0])
        parts.append(text[found.end() : end])
        text = text[end:]
    return "::".join(parts)


def _complaint(before: str) -> str:
    """Return the line of a failed assertion just before a crash, or ''."""
    for line in before.splitlines()[-4:]:
        if "ssertion" in line:
            return line.strip()
    return ""


def _name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return ""


def _short(statement: str) -> str:
    shown = statement if len(statement) <= _MOST_OF_STATEMENT else f"{statement[:_MOST_OF_STATEMENT]}..."
    return f'"{shown}"'
