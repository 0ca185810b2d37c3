"""What a server or a schema is loaded with: SQL files, folders of them, functions; found, told apart, run."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import os
import re
import subprocess
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import paths
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import LoadError, in_short
from pytest_netns_mysql.mysql import optionfile, script

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.topology.model import Topology

Function = Callable[[Any], object]
Entry = str | os.PathLike[str] | Function
Entries = Entry | Sequence[Entry]

_OF_A_MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_AT_LINE = re.compile(r"^ERROR .*? at line (\d+)(?: in file: '(.+?)')?:", re.MULTILINE)  # as mysql says it
_TAKES = "an SQL file, a folder of them, a function that takes a connection, or its name as text, package.module:name"


@dataclass(frozen=True)
class Load:
    """Be one thing to load: a file, or a function that gets the administrator's connection."""

    name: str
    file: Path | None = None
    function: Function | None = None

    @cached_property
    def text(self) -> str | None:
        """Return the text of a file; None where it is not UTF-8."""
        try:
            return None if self.file is None else self.file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            return None

    @cached_property
    def statements(self) -> list[tuple[int, str]] | None:
        """Return the statements of a file with their lines; None where the client program must run it."""
        return None if self.text is None else script.statements(self.text)

    def digest(self) -> str:
        """Return what changes with what is loaded: a file, those that it reads; a function's module."""
        if self.function is not None:
            return _digest(_source_of(self.function).read_bytes(), _circumstances(self.function))
        return _digest(*(name.encode() + one.read_bytes() for name, one in self._files().items()))

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        waiting = [(self.name, self.file)]
        while waiting:
            name, file = waiting.pop()
            if file is not None and name not in found and file.is_file():
                found[name] = file
                inner = script.files_read(file.read_bytes().decode("utf-8", "replace"))
                waiting += [(one, file.parent / one) for one in inner]
        return found


def based(entries: Entries, folder: Path) -> tuple[Entry, ...]:
    """Return the entries of a ``load=``, with those paths that are relative sought from ``folder``."""
    several = (entries,) if isinstance(entries, str | os.PathLike) or callable(entries) else entries
    return tuple(_based(one, folder) for one in several)


def _based(entry: Entry, folder: Path) -> Entry:
    if isinstance(entry, os.PathLike) or (isinstance(entry, str) and not _OF_A_MODULE.fullmatch(entry)):
        try:
            return paths.absolute(entry, folder)
        except (TypeError, ValueError) as error:
            raise LoadError(
                f"load = {in_short(entry)} is no path: {error}",
                remedies=["write the path in full, or from the folder of the file that it is written in"],
            ) from error
    return entry


def of_topology(topology: Topology) -> tuple[Load, ...]:
    """Find what a topology's server is to be loaded with, relative to its file; raise LoadError."""
    file = Path(topology.source.partition("::")[0])
    is_file = os.path.isfile(file)  # noqa: PTH113 - Path's own raises for a long name
    entries = based(topology.mysqld.load, file.parent if is_file else paths.here())
    return resolve(entries, where=f"{topology.source}: mysqld.load")


def resolve(entries: Sequence[Entry | Load], *, where: str) -> tuple[Load, ...]:
    """Find what is to be loaded, in order; raise LoadError for what is not there."""
    return tuple(load for entry in entries for load in _resolve(entry, where))


def _resolve(entry: Entry | Load, where: str) -> Iterator[Load]:
    if isinstance(entry, Load):
        yield entry
    elif isinstance(entry, Path):
        yield from _files(entry, where)
    elif isinstance(entry, str):
        yield Load(entry, function=_imported(entry, where))
    elif callable(entry) and hasattr(entry, "__qualname__"):
        _source_of(entry, where)
        yield Load(f"{entry.__module__}:{entry.__qualname__}", function=entry)
    else:
        raise LoadError(f"load = {in_short(entry)}: it takes {_TAKES}", where=where)


def _files(path: Path, where: str) -> Iterator[Load]:
    why = paths.why_not_there(path)
    if why is not None and why != "does not exist":
        raise LoadError(f"{path.name} {why}", where=where, tried=[str(path)], remedies=["mend the path"])
    if path.is_dir():
        files = sorted(path.glob("*.sql"))
        if not files:
            raise LoadError(
                f"there is no *.sql in the folder {path.name} to load",
                where=where,
                tried=[str(path)],
                remedies=["put SQL files there: they are loaded in the order of their names"],
            )
        yield from (Load(f"{path.name}/{file.name}", file) for file in files)
    elif path.is_file():
        if not os.access(path, os.R_OK):
            raise LoadError(f"{path.name} cannot be read", where=where, tried=[str(path)], remedies=["chmod +r"])
        yield Load(path.name, path)
    else:
        raise LoadError(
            f"there is no {path.name} to load",
            where=where,
            tried=[str(path)],
            remedies=["write the path in full, or from the folder of the file that it is written in"],
        )


def _imported(name: str, where: str) -> Function:
    module, _, function = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in function.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise LoadError(
            f"there is no function {name} to load",
            where=where,
            tried=[f"{type(error).__name__}: {error}"],
            remedies=["mend the name, package.module:function", "see that the package can be imported: pythonpath"],
        ) from error
    if not callable(found):
        raise LoadError(f"load = {name!r}: that is {found!r}, and no function", where=where)
    _source_of(found, where)
    function_found: Function = found
    return function_found


def _source_of(function: Function, where: str | None = None) -> Path:
    try:
        return Path(inspect.getsourcefile(inspect.unwrap(function)) or "")
    except TypeError as error:
        raise LoadError(
            f"the function {function!r} has no source file, whose changes would tell that it is to be loaded again",
            where=where,
            remedies=["write a function in Python that calls it"],
        ) from error


def _circumstances(function: Function) -> bytes:
    """Return what two functions of one text may differ in: name, defaults, and what they were made with."""
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    parts = function.__qualname__, getattr(function, "__defaults__", None), getattr(function, "__self__", None), cells
    return repr(parts).encode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def load_into(server: MySQLServer, loads: Sequence[Load], schema: str | None = None) -> None:
    """Load into a server as its administrator, with ``schema`` selected if it is given.

    Raises LoadError with the server's message and the line, ServerNotFoundError where a file needs the client program
    ``mysql`` and there is none.
    """
    for load in loads:
        if load.function is not None:
            _call(server, load, load.function, schema)
        elif load.statements is not None and (schema or server.plan.kind.program("mysql") is None):
            # The client program takes ten milliseconds to start, which a test need not wait for.
            _send(server, load, load.statements, schema)
        else:
            _run(server, load, schema)


def _connect(server: MySQLServer, schema: str | None) -> Any:
    options: dict[str, Any] = {} if schema is None else {"database": schema}
    return contextlib.closing(server.connect(**options))


def _call(server: MySQLServer, load: Load, function: Function, schema: str | None) -> None:
    with _connect(server, schema) as connection:
        try:
            function(connection)
            connection.commit()
        except Exception as error:
            source = str(_source_of(function))
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source]
            raise _failed(
                load, f"{source}, line {lines[-1] if lines else 0}", f"{type(error).__name__}: {error}"
            ) from error


def _send(server: MySQLServer, load: Load, statements: list[tuple[int, str]], schema: str | None) -> None:
    import mysql.connector

    with _connect(server, schema) as connection:
        for line, statement in statements:
            try:
                for _ in connection.cmd_query_iter(statement):
                    if connection.unread_result:
                        connection.get_rows()
            except mysql.connector.Error as error:
                said = f"ERROR {error.errno} ({error.sqlstate}) at line {line}: {error.msg}"
                raise _failed(load, f"{load.file}, line {line}", said) from error


def _run(server: MySQLServer, load: Load, schema: str | None) -> None:
    file = load.file or Path()
    command = [
        server.program("mysql"),
        *optionfile.as_administrator(server),
        "--default-character-set=utf8mb4",
        "--local-infile=1",
        "--loose-commands",  # SOURCE and its like, which later versions leave out unless asked
        *([] if schema is None else [f"--database={schema}"]),
    ]
    with server.network[GLOBAL], file.open("rb") as text:
        result = subprocess.run(command, stdin=text, cwd=file.parent, capture_output=True, text=True, errors="replace")
    if result.returncode != 0:
        place = _AT_LINE.search(result.stderr)
        where = f"{file.parent / (place[2] or file)}, line {place[1]}" if place else str(file)
        raise _failed(load, where, *result.stderr.strip().splitlines()[-3:])


def _failed(load: Load, where: str, *said: str) -> LoadError:
    return LoadError(
        f"{load.name} could not be loaded",
        where=where,
        tried=said,
        remedies=["mend what the server complains of; nothing of what was loaded is kept"],
    )
