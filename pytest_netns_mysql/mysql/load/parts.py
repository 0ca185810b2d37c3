"""The parts that an SQL file is read as: statements, commands of the client program, places that are not understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_netns_mysql.mysql.load.clientcommands import Command, CommandTable

NO_BACKSLASH_ESCAPES = 1 << 9
"""The flag of a session's status that a backslash in a string is a backslash."""
ANSI_QUOTES = 1 << 15
"""The flag of a session's status, on MariaDB, that ``"`` quotes names."""


class ScriptError(Exception):
    """A place of a file that is not understood.

    Attributes:
        file: The file.
        line: The number of the line, from 1.
        needs_program: Whether the client program could do what the file asks for.
    """

    def __init__(self, what: str, file: Path, line: int, *, needs_program: bool = False) -> None:
        """Keep the place."""
        super().__init__(what)
        self.file = file
        self.line = line
        self.needs_program = needs_program


@dataclass(frozen=True)
class Statement:
    """A statement to send: its bytes, its file, and the line that it begins on, as the client program counts it."""

    text: bytes
    file: Path
    line: int


@dataclass(frozen=True)
class Call:
    """A command of the client program, with the text from its name on."""

    command: Command
    text: bytes
    line: int


@dataclass
class Session:
    """What the files of one load have in common.

    Attributes:
        mariadb: Whether the rules are those of MariaDB's client program.
        dollars: Whether the server takes strings in dollar quotes, ``$$text$$``.
        status: Returns the flags of the server's last answer.
        commands: The commands that the client program knows.
        delimiter: What ends a statement.
    """

    mariadb: bool
    dollars: bool
    status: Callable[[], int]
    commands: CommandTable
    delimiter: bytes = b";"
