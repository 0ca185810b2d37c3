"""What a server or a schema is loaded with: SQL files, folders of them, functions; found, and told apart."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import LoadError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.load.scan import Scan
    from pytest_netns_mysql.topology.model import Topology

Function = Callable[[Any], object]
Entry = str | os.PathLike[str] | Function
Entries = Entry | Sequence[Entry]

_OF_A_MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_TAKES = "an SQL file, a folder of them, a function that takes a connection, or its name as text, package.module:name"


@dataclass(frozen=True)
class Load:
    """One thing to load: a file, or a function that gets the administrator's connection."""

    name: str
    file: Path | None = None
    function: Function | None = None

    def digest(self) -> str:
        """Return what changes with what is loaded: a file, those that it reads; a function's module."""
        if self.function is not None:
            return _digest(source_of(self.function).read_bytes(), _circumstances(self.function))
        return self.scan().digest()

    def scan(self) -> Scan:
        """Return what the file asks for."""
        from pytest_netns_mysql.mysql.load import scan

        return scan.scan(self.name, self.file or Path())


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


def entries_of(topology: Topology) -> tuple[Entry, ...]:
    """Return what a topology's server is to be loaded with; relative paths start at the topology's file."""
    file = Path(topology.source.partition("::")[0])
    is_file = os.path.isfile(file)  # noqa: PTH113 - Path's own raises for a long name
    return based(topology.mysqld.load, file.parent if is_file else paths.here())


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
        source_of(entry, where)
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
    source_of(found, where)
    function_found: Function = found
    return function_found


def source_of(function: Function, where: str | None = None) -> Path:
    """Return the file that a function is written in; raise LoadError where there is none."""
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
