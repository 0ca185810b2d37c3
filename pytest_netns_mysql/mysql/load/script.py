"""The statements in an SQL file, as the client program ``mysql`` would send them.

The client program has rules of its own for quotes, comments, delimiters and commands; see the manual, "mysql Client
Commands". This package follows the rules of MySQL's client program, or of MariaDB's. It reads files as bytes, because
only the server knows their encoding.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_netns_mysql.mysql.dialects.quoting import identifier
from pytest_netns_mysql.mysql.load import clientcommands
from pytest_netns_mysql.mysql.load.scriptparts import CommandCall, ScriptError, ScriptSession, Statement
from pytest_netns_mysql.mysql.load.scriptreader import ScriptReader

__all__ = ["ScriptError", "Statement", "statements"]

_DEEPEST = 32  # levels of files that read each other by SOURCE
# In these encodings no other character contains the byte of a quote.
_ENCODINGS = frozenset(b"utf8mb4 utf8 utf8mb3 latin1 ascii binary".split())


def statements(
    file: Path, *, mariadb: bool = False, dollars: bool = False, status: Callable[[], int] = lambda: 0
) -> Iterator[Statement]:
    """Yield the statements of a file, and of the files that it reads by SOURCE, in the order of execution.

    Only one statement or one line is in memory at a time.

    Args:
        file: The file. The paths after SOURCE are relative to its folder.
        mariadb: Whether to read like MariaDB's client program.
        dollars: Whether the server knows strings in dollar quotes, ``$$text$$``.
        status: Returns the status flags of the server's last answer. The sql_mode decides what a backslash means.

    Raises:
        ScriptError: A place in the file cannot be read.
        OSError: The file cannot be opened.
    """
    session = ScriptSession(mariadb, dollars, status, clientcommands.table(mariadb=mariadb))
    yield from _Script(session, file.parent).read(file)


class _Script:
    """Reads a file and the files that it reads by SOURCE."""

    def __init__(self, session: ScriptSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._depth = 0
        self._sandboxed: set[int] = set()  # levels of files that have forbidden SOURCE

    def read(self, file: Path) -> Iterator[Statement]:
        reader = ScriptReader(file, self._session)
        for part in reader.read():
            if isinstance(part, Statement):
                yield part
                continue
            try:
                yield from self._execute(part, file)
            except ValueError as error:
                raise reader.error(str(error), part.line) from error

    def _execute(self, call: CommandCall, file: Path) -> Iterator[Statement]:
        """Execute a command; raise ValueError with the error message of the client program."""
        name = call.command.name
        if name == "delimiter":
            self._session.delimiter = clientcommands.delimiter_of(call.text)
        elif name == "sandbox":
            self._sandboxed.add(self._depth)
        elif name == "source":
            yield from self._source(call, file)
        elif name == "use":
            schema = clientcommands.schema_of(call.text).decode("latin-1")  # bytes in any encoding
            yield Statement(f"USE {identifier(schema)}".encode("latin-1"), file, call.line)
        elif name == "charset" and clientcommands.argument(call.text).lower() in _ENCODINGS:
            yield Statement(b"SET NAMES " + clientcommands.argument(call.text), file, call.line)
        else:
            raise ScriptError(
                f"only the client program can execute the command {name}", file, call.line, needs_program=True
            )

    def _source(self, call: CommandCall, file: Path) -> Iterator[Statement]:
        """Yield the statements of another file. Its path is relative to the folder of the first file."""
        name = os.fsdecode(clientcommands.file_of(call.text))
        if self._depth in self._sandboxed:
            raise ValueError("SOURCE: Not allowed in the sandbox mode")
        if self._depth == _DEEPEST:
            raise ValueError(f"SOURCE {name}: files are nested more than {_DEEPEST} levels deep")
        self._depth += 1
        try:
            if name.endswith(("/", "/.")):  # Path would overlook both
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            # As the client programs do: a/../b is b, wherever a leads. The expanduser of Path raises for ~unknown.
            yield from self.read(self._folder / os.path.normpath(os.path.expanduser(name)))  # noqa: PTH111
        except OSError as error:
            raise ScriptError(f"Failed to open file '{name}': {error.strerror}", file, call.line) from error
        self._sandboxed.discard(self._depth)
        self._depth -= 1
