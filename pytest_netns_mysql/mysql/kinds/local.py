"""MySQL by a program of this machine: named in the settings, installed, or fetched."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import paths
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import FetchError, ServerNotFoundError, ServerVersionError, in_short
from pytest_netns_mysql.mysql.cache import cached, noexec
from pytest_netns_mysql.mysql.cache.versionline import ask, ask_once
from pytest_netns_mysql.mysql.versions import FIRST_VERSION, WAYS_OUT, Version, format_version, parse_version_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.features import Feature
    from pytest_netns_mysql.mysql.mysqld.kind import StartableKind
    from pytest_netns_mysql.mysql.mysqld.process import Process

_USUAL_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/mysql/bin")
_IN_BASEDIR = tuple(f"{folder}/{name}" for name in ("mysqld", "mariadbd") for folder in ("bin", "sbin", "libexec"))
_TEST_SUITE_FOLDERS = ("/usr/lib/mysql-test/bin", "/usr/lib64/mysql-test/bin")  # mysqlxtest


@dataclass(frozen=True)
class Distribution:
    """MySQL, or a server derived from it such as Percona Server, by a program of this machine; a Kind.

    Attributes:
        mysqld: The absolute path of the program.
        version: The server's version, such as (9, 7, 4).
        version_line: What ``mysqld --version`` printed.
        flavor: ``mysql`` or ``percona``.
    """

    mysqld: Path
    version: Version
    version_line: str
    flavor: str
    origin: str = ""
    can_stay_up: bool = True
    lacks: frozenset[Feature] = frozenset()
    listens: None = None

    @property
    def startable(self) -> StartableKind:
        """This object: this plugin starts servers of this kind."""
        return self

    @property
    def name(self) -> str:
        """The path of the program, as messages name the server."""
        return str(self.mysqld)

    @property
    def dialect(self) -> Dialect:
        """The dialect of this version of MySQL."""
        from pytest_netns_mysql.mysql.dialects.mysql import mysql_dialect

        return mysql_dialect(self.version)

    def identity(self) -> Sequence[str]:
        """Return path, version, size and time of the program, which differ where data directories differ."""
        status = self.mysqld.stat()
        return [str(self.mysqld.resolve()), self.version_line, str(status.st_size), str(status.st_mtime_ns)]

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Make a data directory by ``mysqld --initialize-insecure``; raise ServerStartError."""
        from pytest_netns_mysql.mysql.mysqld.initialize import initialize

        initialize(self.mysqld, options, folder, progress, timeout)

    def access(self, name: str, network: Network) -> Process:
        """Return the process of a server called ``name``, with a folder of that name in the sandbox."""
        from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
        from pytest_netns_mysql.mysql.mysqld.process import Process

        return Process(str(self.mysqld), WORK_DIRECTORY / name, network[GLOBAL])

    @property
    def basedir(self) -> Path:
        """The ``basedir`` of mysqld: the parent of the program's folder."""
        return self.mysqld.parent.parent

    def program(self, name: str) -> Path | None:
        """Return a program beside mysqld, in ``../bin``, on PATH, or of MySQL's test suite; None if there is none."""
        beside = (folder / name for folder in (self.mysqld.parent, self.basedir / "bin"))
        return next(filter(_is_program, beside), None) or program_on_path(name)


def find(setting: str, *, cache: Path, progress: Callable[[str], None]) -> Distribution:
    """Return the mysqld that a setting asks for; for ``auto``, fetch a server if none is found.

    If the server was found before, this takes a millisecond or two and starts no program.

    Args:
        setting: ``auto``, or the path of a mysqld or of its basedir.
        cache: The user's cache folder, made when needed.
        progress: Takes a line of text.

    Raises:
        ServerNotFoundError: There is no such program, or it does not run.
        ServerVersionError: The named server does not support network namespaces.
    """
    cache = cache.expanduser().absolute()
    found, tried = look(setting, cache=cache)
    return found if found is not None else _fetch(cache, progress, tried)


def look(setting: str, *, cache: Path) -> tuple[Distribution | None, list[str]]:
    """Return the mysqld that a setting asks for as ``find`` does, but fetch nothing.

    Returns:
        The server or None, and for None the places that were searched.
    """
    if setting != "auto":
        return distribution(*named(setting, cache)), []
    tried: list[str] = []
    found = _installed(cache, tried) or fetched(cache)
    if found is None:
        tried += cached.looked_for(cache, "mysql", "server")
    return found, tried


def identify(mysqld: Path) -> Distribution:
    """Return the server that a mysqld says it is.

    Raises:
        ServerVersionError: It is MariaDB, or a MySQL before 8.0.22, or prints no version.
        ServerNotFoundError: The program does not run.
    """
    return distribution(mysqld, ask(mysqld, WAYS_OUT))


def distribution(mysqld: Path, version_line: str) -> Distribution:
    """Return the server with a program and its version line; raise ServerVersionError as ``identify`` does."""
    flavor, version = parse_version_line(version_line)
    if flavor == "mariadb":
        raise ServerVersionError(
            f"{mysqld} is MariaDB {format_version(version)}: MariaDB has no addr/ns of its own",
            tried=(version_line,),
            remedies=("to use MariaDB, name it: netns_mysqld = mariadb, or its path", *WAYS_OUT),
        )
    if version < FIRST_VERSION:
        raise ServerVersionError(
            f"{mysqld} is MySQL {format_version(version)}: network namespace support came with 8.0.22",
            tried=(version_line,),
            remedies=WAYS_OUT,
        )
    return Distribution(mysqld, version, version_line, flavor)


def fetched(cache: Path) -> Distribution | None:
    """Return the newest undamaged MySQL server in the cache, or None."""
    found = cached.fetched(cache, "mysql")
    try:
        return distribution(found.program, found.version_line) if found is not None else None
    except ServerVersionError:
        return None


def _fetch(cache: Path, progress: Callable[[str], None], tried: list[str]) -> Distribution:
    from pytest_netns_mysql.mysql.fetch import fetch

    try:
        mysqld = fetch.fetch(cache, progress=progress)
    except FetchError as error:
        attempt = f"fetch from the machine's package sources: {error.what}"
        raise ServerNotFoundError(
            "no mysqld was found that supports network namespaces (MySQL 8.0.22 or newer)",
            where="netns_mysqld = auto",
            tried=(*tried, attempt, *error.tried),
            remedies=list(dict.fromkeys((*error.remedies, *WAYS_OUT))),
        ) from error
    return fetched(cache) or identify(mysqld)


def named(setting: str, cache: Path) -> tuple[Path, str]:
    """Return the program that a setting names by its path or its basedir, and the output of its ``--version``.

    Raises ServerNotFoundError if there is no such program or it does not run.
    """
    program = _named(setting)
    return program, ask_once(program, cache, WAYS_OUT)


def _named(setting: str) -> Path:
    where = f"netns_mysqld = {setting}"
    remedies = ("name a mysqld, or the folder that holds bin/mysqld", "netns_mysqld = auto")
    try:
        path = paths.absolute(setting)
    except ValueError as error:
        raise ServerNotFoundError(
            f"{in_short(setting)} is not a path: {error}", where=where, remedies=remedies
        ) from error
    if why := paths.why_not_there(path):
        raise ServerNotFoundError(f"{path} {why}", where=where, remedies=remedies)
    if noexec.is_noexec(path):
        raise ServerNotFoundError(
            f"{path} lies on a file system that is mounted noexec, where no program can be run",
            where=where,
            remedies=(f"allow programs there, as root: {noexec.allow(path)}", *remedies),
        )
    if path.is_dir():
        inside = next((path / name for name in _IN_BASEDIR if _is_program(path / name)), None)
        if inside is None:
            looked = tuple(str(path / name) for name in _IN_BASEDIR)
            raise ServerNotFoundError(
                f"there is no mysqld in the folder {path}", where=where, tried=looked, remedies=remedies
            )
        return inside
    if not os.access(path, os.X_OK):
        raise ServerNotFoundError(f"{path} is not executable", where=where, remedies=remedies)
    return path


def _installed(cache: Path, tried: list[str]) -> Distribution | None:
    """Return the first usable mysqld on PATH or in the usual folders; add the others to ``tried``."""
    for mysqld, line in installed("mysqld", cache, tried):
        try:
            return distribution(mysqld, line)
        except ServerNotFoundError as refusal:
            tried.append(refusal.what)
    return None


def installed(name: str, cache: Path, tried: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield the programs with a name on PATH and in the usual folders, each with the output of its ``--version``.

    Args:
        name: The program's name.
        cache: The user's cache folder.
        tried: Takes a line for each program that does not run, and at the end a line with the folders.
    """
    # /sbin and /usr/sbin are the same folder on most systems: search it once, under the first name.
    folders = {os.path.realpath(folder): folder for folder in reversed([*_path_folders(), *map(Path, _USUAL_FOLDERS)])}
    for folder in reversed(folders.values()):
        if _is_program(folder / name):
            try:
                line = ask_once(folder / name, cache, WAYS_OUT)
            except ServerNotFoundError as refusal:
                tried.append(refusal.what)
            else:
                yield folder / name, line
    tried.append(f"a {name} in " + ", ".join(map(str, reversed(folders.values()))))


def _is_program(path: Path) -> bool:
    # Not Path.is_file(): before Python 3.14 it raises if this user may not search a folder of PATH.
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113


def program_on_path(name: str) -> Path | None:
    """Return a program on PATH or of MySQL's test suite, or None."""
    folders = [*_path_folders(), *map(Path, _TEST_SUITE_FOLDERS)]
    return next((folder / name for folder in folders if _is_program(folder / name)), None)


def _path_folders() -> list[Path]:
    found = []
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        with contextlib.suppress(ValueError):  # a relative folder, and the working directory was removed
            found += [paths.absolute(folder)] if folder else []
    return found
