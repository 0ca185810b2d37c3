"""The commands of the client program ``mysql`` in an SQL file; see the manual, "mysql Client Commands"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_netns_mysql.mysql.load.rules import SPACES

_FIRST_WORD = re.compile(rb"[ \t\n\v\f\r]*([^ \t]{1,24})(?=[ \t]|\Z)")
_ARGUMENT = re.compile(
    rb"\s*(?:\\.|\S+)\s*"
    rb"(?:(?P<quote>['\"`])(?P<quoted>(?:(?!(?P=quote)).|(?P=quote){2})*)(?P=quote)|(?P<plain>(?!['\"`])[^ ]*))",
    re.DOTALL,
)
_LONGEST_DELIMITER = 15  # bytes
_DELIMITER = b"delimiter"


@dataclass(frozen=True)
class Command:
    """A command of the client program.

    Attributes:
        name: The command's long name.
        takes_arguments: Whether arguments follow the name, up to the delimiter or the end of the line.
    """

    name: str
    takes_arguments: bool = False


_COMMANDS = {
    "?": Command("help", takes_arguments=True),
    "c": Command("clear"),
    "r": Command("connect", takes_arguments=True),
    "d": Command("delimiter", takes_arguments=True),
    "e": Command("edit"),
    "G": Command("ego"),
    "q": Command("quit"),
    "g": Command("go"),
    "h": Command("help", takes_arguments=True),
    "n": Command("nopager"),
    "t": Command("notee"),
    "w": Command("nowarning"),
    "P": Command("pager", takes_arguments=True),
    "p": Command("print"),
    "R": Command("prompt", takes_arguments=True),
    "#": Command("rehash"),
    ".": Command("source", takes_arguments=True),
    "s": Command("status"),
    "!": Command("system", takes_arguments=True),
    "T": Command("tee", takes_arguments=True),
    "u": Command("use", takes_arguments=True),
    "C": Command("charset", takes_arguments=True),
    "W": Command("warnings"),
}
_RESET = Command("resetconnection")
_MYSQL = (_RESET, Command("query_attributes", takes_arguments=True), Command("ssl_session_data_print", True))
_SANDBOX = Command("sandbox")

WITHOUT_EFFECT = frozenset(
    (
        *("help", "nopager", "notee", "nowarning", "pager", "print", "prompt", "query_attributes", "rehash", "status"),
        *("tee", "warnings"),
    )
)
"""The commands that change nothing of what a file loads."""


@dataclass(frozen=True)
class CommandTable:
    """The commands that one client program knows, by letter and by name."""

    letters: dict[bytes, Command]
    names: dict[bytes, Command]
    is_mariadb: bool

    def at_line_start(self, text: bytes | memoryview, delimiter: bytes) -> Command | None:
        """Return the command that a text is, as the client program looks for one before it looks for statements."""
        match = _FIRST_WORD.match(text)
        command = None if match is None else self.names.get(match[1].lower())
        if match is None or command is None:
            return None
        whole = bytes(text)
        # What stands behind a \g or a delimiter is for the search for statements.
        if b"\\g" in whole or (delimiter in whole and not is_delimiter_command(match[1])):
            return None
        if not whole[match.end() :].strip(SPACES):
            return command
        takes = command.takes_arguments and (argument(whole) or not self.is_mariadb)
        return command if takes else None


def table(*, mariadb: bool) -> CommandTable:
    """Return the commands of MariaDB's client program, or of MySQL's."""
    letters = {**_COMMANDS, **({"-": _SANDBOX} if mariadb else {"x": _RESET})}
    others = (_SANDBOX,) if mariadb else _MYSQL
    names = {command.name: command for command in (*_COMMANDS.values(), *others)} | {"exit": Command("quit")}
    return CommandTable(
        {letter.encode(): command for letter, command in letters.items()},
        {name.encode(): command for name, command in names.items()} | {b"?": _COMMANDS["?"]},
        mariadb,
    )


def is_delimiter_command(text: bytes | bytearray) -> bool:
    """Return True if a text begins with the word DELIMITER."""
    return bytes(text[: len(_DELIMITER)]).lower() == _DELIMITER


def argument(line: bytes) -> bytes:
    """Return the first argument of a command, without its quotes; b"" where there is none."""
    match = _ARGUMENT.match(line)
    if match is None:
        return b""
    if match["quote"]:
        return match["quoted"].replace(match["quote"] * 2, match["quote"])
    return re.sub(rb"\\(.)", rb"\1", match["plain"], flags=re.DOTALL)


def schema_of(line: bytes) -> bytes:
    """Return the schema that a USE command names; raise ValueError with the client program's words."""
    found = argument(line)
    if not found:
        raise ValueError("USE must be followed by a database name")
    return found


def delimiter_of(line: bytes) -> bytes:
    """Return what a DELIMITER command sets; raise ValueError with the client program's words."""
    found = argument(line)
    if not found:
        raise ValueError("DELIMITER must be followed by a 'delimiter' character or string")
    if b"\\" in found:
        raise ValueError("DELIMITER cannot contain a backslash character")
    return found[:_LONGEST_DELIMITER]


def file_of(line: bytes) -> bytes:
    """Return the file that a SOURCE command names; raise ValueError with the client program's words."""
    found = line.lstrip(SPACES).partition(b" ")[2].strip(SPACES)
    while found and (found[-1] <= 0x20 or found[-1] == 0x7F):
        found = found[:-1]
    if not found:
        raise ValueError("Usage: \\. <filename> | source <filename>")
    return found
