"""MariaDB by a program of this machine: found, fetched, initialized; and the features that it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError, ServerNotFoundError, ServerStartError, ServerVersionError
from pytest_netns_mysql.mysql import servernames
from pytest_netns_mysql.mysql.cache import cached
from pytest_netns_mysql.mysql.kinds.local import Distribution, installed
from pytest_netns_mysql.mysql.mysqld.features import Feature
from pytest_netns_mysql.mysql.versions import FIRST_MARIADB, format_version, parse_version_line

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.process import Process

NAME = servernames.MARIADB
_PROGRAM = "mariadbd"
_WAYS_OUT = (
    "install MariaDB 10.6 or newer, from your system's packages or from MariaDB's own",
    "run `netns-mysql fetch mariadb` where the machine's package sources can be reached",
    "name a server: netns_mysqld = /path/to/mariadbd",
)
_LACKS = frozenset(
    {
        Feature.ADMIN_ADDRESS,
        Feature.X_PROTOCOL,
        Feature.NETWORK_NAMESPACES,
        Feature.CERTIFICATE_AUTHORITY,
        Feature.GTIDS,
        Feature.GROUP_REPLICATION,
    }
)
# What mariadb-install-db has the bootstrapping server read, without accounts for other hosts than localhost.
_SCRIPTS = (
    "{}_system_tables.sql",
    "{}_performance_tables.sql",
    "{}_system_tables_data.sql",
    "fill_help_tables.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "{}_sys_schema.sql",
)
_FOLDERS = ("share/mysql", "share/mariadb", "share")
_BEFORE = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"
_AFTER = """
DELETE FROM mysql.global_priv WHERE Host <> 'localhost';
DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';
"""


@dataclass(frozen=True)
class MariaDB(Distribution):
    """MariaDB by a program of this machine, mariadbd; a Kind."""

    flavor: str = NAME
    lacks: frozenset[Feature] = _LACKS

    @property
    def dialect(self) -> Dialect:
        """MariaDB's dialect."""
        from pytest_netns_mysql.mysql.dialects.mariadb import MARIADB

        return MARIADB

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Make a data directory by the server's own scripts; raise ServerStartError.

        mariadb-install-db does the same, see its manual, but it is not in every package.
        """
        from pytest_netns_mysql.mysql.dialects.defaultoptions import default_options
        from pytest_netns_mysql.mysql.dialects.options import arguments, merge
        from pytest_netns_mysql.mysql.mysqld.initialize import boot_once, run_until_it_ends

        script = "".join([_BEFORE, *self._scripts(), _AFTER])
        base = f"--basedir={self.basedir}"
        folder.mkdir()
        needed = ["--bootstrap", "--log-warnings=0", "--enforce-storage-engine=", "--max-allowed-packet=8M"]
        run_until_it_ends(self.mysqld, [base, *needed, *arguments(options)], folder, progress, timeout, script=script)
        complete = [*arguments(merge(defaults=default_options(self.flavor))), *arguments(options)]
        boot_once(self.mysqld, [base, *complete], folder, progress, timeout)

    def _scripts(self) -> Iterator[str]:
        for name in _SCRIPTS:
            names = [f"{folder}/{name.format(prefix)}" for folder in _FOLDERS for prefix in ("mariadb", "mysql")]
            file = next((self.basedir / path for path in names if (self.basedir / path).is_file()), None)
            if file is None:
                raise ServerStartError(
                    f"MariaDB's script {name.format('mariadb')} was not found: no data directory can be made",
                    command=(),
                    log="",
                    codes=(),
                    messages=(),
                    where=str(self.mysqld),
                    tried=[str(self.basedir / path) for path in dict.fromkeys(names)],
                    remedies=["install the server's package in full", *_WAYS_OUT[1:]],
                )
            for line in file.read_text("utf-8").splitlines(keepends=True):
                if "@current_hostname" not in line:
                    yield line

    def access(self, name: str, network: Network) -> Process:
        """Return the process of a server called ``name``, with a folder of that name in the sandbox."""
        from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
        from pytest_netns_mysql.mysql.mysqld.activated import ActivatedProcess

        return ActivatedProcess(self.mysqld, name, WORK_DIRECTORY, network)

    def program(self, name: str) -> Path | None:
        """Return a program as for MySQL, preferably by MariaDB's own name: mariadb-dump for mysqldump."""
        return super().program(_own_name(name)) or super().program(name)


def _own_name(name: str) -> str:
    """Return MariaDB's name of a MySQL program."""
    if name == "mysql" or not name.startswith("mysql"):
        return NAME if name == "mysql" else name
    return f"{NAME}-{name.removeprefix('mysql').lstrip('_')}"


def of_version_line(program: Path, version_line: str) -> MariaDB:
    """Return the MariaDB with a program and its version line; raise ServerVersionError if it is too old."""
    _, version = parse_version_line(version_line)
    if version < FIRST_MARIADB:
        raise ServerVersionError(
            f"{program} is MariaDB {format_version(version)}: the first version that can inherit listening sockets is "
            f"{format_version(FIRST_MARIADB)}",
            tried=(version_line,),
            remedies=_WAYS_OUT,
        )
    return MariaDB(program, version, version_line)


def look(cache: Path) -> tuple[MariaDB | None, list[str]]:
    """Return a MariaDB on PATH or in the cache, or None and the places that were searched."""
    tried: list[str] = []
    for program, line in installed(_PROGRAM, cache, tried):
        try:
            return of_version_line(program, line), []
        except ServerVersionError as refusal:
            tried.append(refusal.what)
    found = cached.fetched(cache, NAME)
    if found is not None:
        return of_version_line(found.program, found.version_line), []
    return None, [*tried, *cached.looked_for(cache, NAME, "MariaDB")]


def find(*, cache: Path, progress: Callable[[str], None]) -> MariaDB:
    """Return a MariaDB as ``look`` does, or fetch MariaDB now; raise ServerNotFoundError."""
    found, tried = look(cache)
    if found is not None:
        return found
    from pytest_netns_mysql.mysql.fetch import fetch

    try:
        program = fetch.fetch(cache, progress=progress, product=NAME)
    except FetchError as error:
        raise ServerNotFoundError(
            "no MariaDB was found",
            where=f"netns_mysqld = {NAME}",
            tried=(*tried, f"fetch from the machine's package sources: {error.what}", *error.tried),
            remedies=list(dict.fromkeys((*error.remedies, *_WAYS_OUT))),
        ) from error
    made = cached.read(program.parent.parent)
    if made is None:
        raise AssertionError(program)
    return of_version_line(made.program, made.version_line)
