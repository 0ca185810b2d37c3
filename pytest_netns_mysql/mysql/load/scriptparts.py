"""What reading an SQL file yields: statements, commands of the client program, and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_netns_mysql.mysql.load.clientcommands import Command, CommandTable

NO_BACKSLASH_ESCAPES = 1 << 9
"""A flag of the server's status: in strings, a backslash is an ordinary character."""
ANSI_QUOTES = 1 << 15
"""A flag of MariaDB's status: ``"`` quotes identifiers."""


class ScriptError(Exception):
    """A place in a file that the plugin cannot read.

    Attributes:
        file: The file.
        line: The line number, from 1.
        needs_program: Whether the client program could read the file.
    """

    def __init__(self, what: str, file: Path, line: int, *, needs_program: bool = False) -> None:
        """Store the message and the place."""
        super().__init__(what)
        self.file = file
        self.line = line
        self.needs_program = needs_program


@dataclass(frozen=True)
class Statement:
    """A statement to send to the server.

    Attributes:
        text: The statement without its delimiter.
        file: The file with the statement.
        line: The number of its first line, as the client program counts lines.
    """

    text: bytes
    file: Path
    line: int


@dataclass(frozen=True)
class CommandCall:
    """A command of the client program in a file.

    Attributes:
        command: The command.
        text: The text of the file from the name of the command on.
        line: The line number.
    """

    command: Command
    text: bytes
    line: int


@dataclass
class ScriptSession:
    """The state that a file shares with the files it reads by SOURCE.

    Attributes:
        mariadb: Whether to read like MariaDB's client program.
        dollars: Whether the server knows strings in dollar quotes, ``$$text$$``.
        status: Returns the status flags of the server's last answer.
        commands: The commands of the client program.
        delimiter: The current delimiter of statements.
    """

    mariadb: bool
    dollars: bool
    status: Callable[[], int]
    commands: CommandTable
    delimiter: bytes = b";"
