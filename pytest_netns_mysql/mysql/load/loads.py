"""The entries of ``load=``: SQL files, folders with SQL files, and functions; how they are found and compared."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import LoadError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.load.scan import Scan
    from pytest_netns_mysql.topology.topology import Topology

Function = Callable[[Any], object]
Entry = str | os.PathLike[str] | Function
Entries = Entry | Sequence[Entry]

_FUNCTION_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_ACCEPTED = (
    "an SQL file, a folder with SQL files, a function that takes a connection, or the name of a function as text, "
    "package.module:name"
)
_PATHS = "write an absolute path, or a path relative to the folder of the file with the setting"


@dataclass(frozen=True)
class Load:
    """A file to load, or a function that loads something.

    Attributes:
        name: The name in messages.
        file: The SQL file.
        function: The function. It is called with a connection of the administrator.
        schema: The schema that is selected for the file, or None.
    """

    name: str
    file: Path | None = None
    function: Function | None = None
    schema: str | None = None

    def digest(self) -> str:
        """Return a digest of the files to load, or of the function's module. It changes when the data changes."""
        if self.function is not None:
            return _digest(source_of(self.function).read_bytes(), _bound_values(self.function))
        digest = self.scan().digest()
        return digest if self.schema is None else _digest(digest.encode(), self.schema.encode())

    def scan(self) -> Scan:
        """Return what the file needs to be loaded."""
        from pytest_netns_mysql.mysql.load import scan

        return scan.scan(self.name, self.file or Path())


@dataclass(frozen=True)
class InSchema:
    """An entry of ``load`` whose files are loaded with a schema selected, as an image's entrypoint does.

    Attributes:
        entry: The entry.
        schema: The schema.
    """

    entry: str | os.PathLike[str] | Function
    schema: str


def with_absolute_paths(entries: Entries, folder: Path) -> tuple[Entry, ...]:
    """Return the entries of a ``load=``. Relative paths become absolute.

    Args:
        entries: One entry or several.
        folder: The folder that relative paths start from.

    Raises:
        LoadError: A text cannot be the path of a file.
    """
    several = (entries,) if isinstance(entries, str | os.PathLike) or callable(entries) else entries
    return tuple(_with_absolute_path(entry, folder) for entry in several)


def _with_absolute_path(entry: Entry, folder: Path) -> Entry:
    if isinstance(entry, os.PathLike) or (isinstance(entry, str) and not _FUNCTION_NAME.fullmatch(entry)):
        try:
            return paths.absolute(entry, folder)
        except (TypeError, ValueError) as error:
            raise LoadError(
                f"load = {in_short(entry)} cannot be a path: {error}",
                remedies=[_PATHS],
            ) from error
    return entry


def entries_of(topology: Topology) -> tuple[Entry, ...]:
    """Return the entries of ``load`` in a topology. Relative paths start from the folder of its file."""
    return with_absolute_paths(topology.mysqld.load, folder_of(topology))


def folder_of(topology: Topology) -> Path:
    """Return the folder that paths in a topology start from: of its file, else the working directory."""
    file = Path(topology.source.partition("::")[0])
    is_file = os.path.isfile(file)  # noqa: PTH113 - Path's own raises for a long name
    return file.parent if is_file else paths.here()


def find_loads(entries: Sequence[Entry | Load | InSchema], *, where: str) -> tuple[Load, ...]:
    """Return the loads for some entries, in order.

    Args:
        entries: The entries.
        where: Where the entries are written, for errors.

    Raises:
        LoadError: A file or function does not exist, or an entry has the wrong type.
    """
    return tuple(load for entry in entries for load in _find(entry, where))


def _find(entry: Entry | Load | InSchema, where: str) -> Iterator[Load]:
    if isinstance(entry, Load):
        yield entry
    elif isinstance(entry, InSchema):
        yield from (replace(load, schema=entry.schema) for load in _find(entry.entry, where))
    elif isinstance(entry, Path):
        yield from _sql_files(entry, where)
    elif isinstance(entry, str):
        yield Load(entry, function=_imported(entry, where))
    elif callable(entry) and hasattr(entry, "__qualname__"):
        source_of(entry, where)
        yield Load(f"{entry.__module__}:{entry.__qualname__}", function=entry)
    else:
        raise LoadError(f"load must be {_ACCEPTED}, got {in_short(entry)}", where=where)


def _sql_files(path: Path, where: str) -> Iterator[Load]:
    why = paths.why_not_there(path)
    if why is not None and why != "does not exist":
        raise LoadError(f"{path.name} {why}", where=where, tried=[str(path)], remedies=["correct the path"])
    if path.is_dir():
        files = sorted(path.glob("*.sql"))
        if not files:
            raise LoadError(
                f"the folder {path.name} has no SQL files to load (*.sql)",
                where=where,
                tried=[str(path)],
                remedies=["put SQL files into the folder: they are loaded in the order of their names"],
            )
        yield from (Load(f"{path.name}/{file.name}", file) for file in files)
    elif path.is_file():
        if not os.access(path, os.R_OK):
            raise LoadError(f"{path.name} cannot be read", where=where, tried=[str(path)], remedies=["chmod +r"])
        yield Load(path.name, path)
    else:
        raise LoadError(
            f"the file {path.name} to load {paths.why_no_file(path)}",
            where=where,
            tried=[str(path)],
            remedies=[_PATHS],
        )


def _imported(name: str, where: str) -> Function:
    module, _, attributes = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise LoadError(
            f"the function {name} to load does not exist",
            where=where,
            tried=[f"{type(error).__name__}: {error}"],
            remedies=[
                "correct the name: package.module:function",
                "make the package importable: pythonpath",
            ],
        ) from error
    if not callable(found):
        raise LoadError(f"load = {name!r} must name a function, but it is {found!r}", where=where)
    source_of(found, where)
    function: Function = found
    return function


def source_of(function: Function, where: str | None = None) -> Path:
    """Return the source file of a function; raise LoadError if there is none."""
    try:
        return Path(inspect.getsourcefile(inspect.unwrap(function)) or "")
    except TypeError as error:
        raise LoadError(
            f"the function {function!r} has no source file: the plugin could not see when it changes",
            where=where,
            remedies=["write a Python function that calls it"],
        ) from error


def _bound_values(function: Function) -> bytes:
    """Return what may differ between functions with the same code: name, defaults, closure, and the bound object."""
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    parts = function.__qualname__, getattr(function, "__defaults__", None), getattr(function, "__self__", None), cells
    return repr(parts).encode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
