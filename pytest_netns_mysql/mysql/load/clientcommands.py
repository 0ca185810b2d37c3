"""The commands of the client program ``mysql`` in an SQL file; see the manual, "mysql Client Commands"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_netns_mysql.mysql.load.lexicalrules import SPACES

_FIRST_WORD = re.compile(rb"[ \t\n\v\f\r]*([^ \t]{1,24})(?=[ \t]|\Z)")
_ARGUMENT = re.compile(
    rb"\s*(?:\\.|\S+)\s*"
    rb"(?:(?P<quote>['\"`])(?P<quoted>(?:(?!(?P=quote)).|(?P=quote){2})*)(?P=quote)|(?P<plain>(?!['\"`])[^ ]*))",
    re.DOTALL,
)
_LONGEST_DELIMITER = 15  # bytes
# Both client programs compare names by latin1_swedish_ci, whatever the character set of the file is.
_BASE_LETTERS = bytes.maketrans(
    "ÀÁÂÃÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÙÚÛÜÝàáâãçèéêëìíîïðñòóôõùúûüý".encode("latin-1"),
    b"AAAACEEEEIIIIDNOOOOUUUYYAAAACEEEEIIIIDNOOOOUUUYY",
)
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
"""The commands that do not change what a file loads."""


@dataclass(frozen=True)
class CommandTable:
    """The commands of a client program.

    Attributes:
        letters: The commands of one letter after a backslash, by letter.
        names: The commands by name.
        is_mariadb: Whether they are the commands of MariaDB's client program.
    """

    letters: dict[bytes, Command]
    names: dict[bytes, Command]
    is_mariadb: bool

    def at_line_start(self, text: bytes | memoryview, delimiter: bytes) -> Command | None:
        """Return the command in a text, or None. The client program looks for it before it looks for statements.

        Args:
            text: A line, or a statement without its delimiter.
            delimiter: The current delimiter.
        """
        match = _FIRST_WORD.match(text)
        command = None if match is None else self.names.get(_folded(match[1]))
        if match is None or command is None:
            return None
        whole_text = bytes(text)
        # With a \g or a delimiter in it, the text is left to the search for statements.
        if b"\\g" in whole_text or (delimiter in whole_text and not is_delimiter_command(match[1])):
            return None
        if not whole_text[match.end() :].strip(SPACES):
            return command
        has_arguments = command.takes_arguments and (argument(whole_text) or not self.is_mariadb)
        return command if has_arguments else None


def table(*, mariadb: bool) -> CommandTable:
    """Return the commands of MySQL's client program, or of MariaDB's."""
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
    return _folded(text[: len(_DELIMITER)]) == _DELIMITER


def _folded(name: bytes | bytearray) -> bytes:
    """Return a name as the client programs compare it: in lower case, without accents."""
    return bytes(name).translate(_BASE_LETTERS).lower()


def argument(line: bytes) -> bytes:
    """Return the first argument of a command without its quotes, or b"" if there is none."""
    match = _ARGUMENT.match(line)
    if match is None:
        return b""
    if match["quote"]:
        return match["quoted"].replace(match["quote"] * 2, match["quote"])
    return re.sub(rb"\\(.)", rb"\1", match["plain"], flags=re.DOTALL)


def schema_of(line: bytes) -> bytes:
    """Return the schema in a USE command; raise ValueError with the error message of the client program."""
    name = argument(line)
    if not name:
        raise ValueError("USE must be followed by a database name")
    return name


def delimiter_of(line: bytes) -> bytes:
    """Return the delimiter in a DELIMITER command; raise ValueError with the error message of the client program."""
    delimiter = argument(line)
    if not delimiter:
        raise ValueError("DELIMITER must be followed by a 'delimiter' character or string")
    if b"\\" in delimiter:
        raise ValueError("DELIMITER cannot contain a backslash character")
    return delimiter[:_LONGEST_DELIMITER]


def file_of(line: bytes) -> bytes:
    """Return the file in a SOURCE command; raise ValueError with the error message of the client program."""
    name = line.lstrip(SPACES).partition(b" ")[2].strip(SPACES)
    while name and (name[-1] <= 0x20 or name[-1] == 0x7F):
        name = name[:-1]
    if not name:
        raise ValueError("Usage: \\. <filename> | source <filename>")
    return name
