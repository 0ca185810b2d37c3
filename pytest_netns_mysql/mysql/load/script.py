"""SQL files: their statements, as the client program ``mysql`` finds them.

The client program reads a file line by line, with rules of its own for quotes, comments, delimiters and commands. The
rules here are the same, for the client programs of MySQL and of MariaDB. Files are read as bytes: only the server
knows their encoding. See the manual, "mysql Client Commands".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_netns_mysql.mysql.load import clientcommands
from pytest_netns_mysql.mysql.load.parts import Call, ScriptError, Session, Statement
from pytest_netns_mysql.mysql.load.reader import Reader

__all__ = ["ScriptError", "Statement", "statements"]

_DEEPEST = 32  # files that read each other by SOURCE
_ENCODINGS = frozenset(b"utf8mb4 utf8 utf8mb3 latin1 ascii binary".split())  # without letters that hold a quote's byte


def statements(
    file: Path, *, mariadb: bool = False, dollars: bool = False, status: Callable[[], int] = lambda: 0
) -> Iterator[Statement]:
    """Yield the statements of a file, and of those that it reads by SOURCE, one by one as they are to be run.

    Only one statement, or one line, is in memory at a time.

    Args:
        file: The file. Files that it reads by SOURCE are sought from its folder.
        mariadb: Whether the rules are those of MariaDB's client program.
        dollars: Whether the server takes strings in dollar quotes, ``$$text$$``.
        status: Returns the flags of the server's last answer: the session's sql_mode decides what a backslash is.

    Raises:
        ScriptError: A place of the file is not understood.
        OSError: The file cannot be read.
    """
    session = Session(mariadb, dollars, status, clientcommands.table(mariadb=mariadb))
    yield from _Script(session, file.parent).read(file)


class _Script:
    """The reading of a file and of those that it reads."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._depth = 0
        self._sandboxed: set[int] = set()  # files, by the depth that they are read at

    def read(self, file: Path) -> Iterator[Statement]:
        reader = Reader(file, self._session)
        for part in reader.read():
            if isinstance(part, Statement):
                yield part
                continue
            try:
                yield from self._do(part, file)
            except ValueError as error:
                raise reader.error(str(error), part.line) from error

    def _do(self, call: Call, file: Path) -> Iterator[Statement]:
        """Do what a command says; raise ValueError for what it does not say, in the client program's words."""
        name = call.command.name
        if name == "delimiter":
            self._session.delimiter = clientcommands.delimiter_of(call.text)
        elif name == "sandbox":
            self._sandboxed.add(self._depth)
        elif name == "source":
            yield from self._source(call, file)
        elif name == "use":
            schema = clientcommands.schema_of(call.text).replace(b"`", b"``")
            yield Statement(b"USE `" + schema + b"`", file, call.line)
        elif name == "charset" and clientcommands.argument(call.text).lower() in _ENCODINGS:
            yield Statement(b"SET NAMES " + clientcommands.argument(call.text), file, call.line)
        else:
            raise ScriptError(f"only the client program has the command {name}", file, call.line, needs_program=True)

    def _source(self, call: Call, file: Path) -> Iterator[Statement]:
        """Yield the statements of another file; it is sought where the client program stands, whoever reads it."""
        name = os.fsdecode(clientcommands.file_of(call.text))
        if self._depth in self._sandboxed:
            raise ValueError("SOURCE: Not allowed in the sandbox mode")
        if self._depth == _DEEPEST:
            raise ValueError(f"SOURCE {name}: {_DEEPEST} files read each other")
        self._depth += 1
        try:
            yield from self.read(self._folder / Path(name).expanduser())
        except OSError as error:
            raise ScriptError(f"Failed to open file '{name}': {error.strerror}", file, call.line) from error
        self._sandboxed.discard(self._depth)
        self._depth -= 1
