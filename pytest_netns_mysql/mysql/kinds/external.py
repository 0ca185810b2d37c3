"""A server that others run: it is neither started nor ended, and clients of this run's namespaces connect to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mysql.connector

from pytest_netns_mysql.arguments import is_line
from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ServerNotFoundError, ServerVersionError, SettingError
from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
from pytest_netns_mysql.mysql.dialects.mysql import MYSQL
from pytest_netns_mysql.mysql.kinds import mariadb
from pytest_netns_mysql.mysql.kinds.local import FIRST_VERSION, WAYS_OUT, parse_version, program_on_path
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.kind import Version, printed
from pytest_netns_mysql.mysql.mysqld.process import Process

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.listeners import Listeners

SCHEME = "external:"
_USAGE = "write external:HOST:PORT, such as external:192.0.2.10:3306; an IPv6 address in brackets"
_STARTING = ("mysqld", "source", "replica", "group")
_ITS_OWN = ("admin_address", "mysqlx_bind_address", "options", "load", "drop_capabilities", "tls")
_TIMEOUT = 10  # seconds
_LONGEST_HOST = 255  # characters


@dataclass(frozen=True)
class External:
    """Be a server that others run; a Kind.

    Shape: ``listens`` is where it answers this machine; ``user`` and ``password`` are its administrator's.
    """

    listens: Endpoint
    version: Version
    version_line: str
    flavor: str
    user: str
    password: str = field(repr=False)
    origin: str = "external"
    can_stay_up: bool = False

    @property
    def name(self) -> str:
        """Return what messages call it."""
        return f"{SCHEME}{self.listens.address}:{self.listens.port}"

    @property
    def dialect(self) -> Dialect:
        """Return how it is spoken to."""
        if self.flavor != mariadb.NAME:
            return MYSQL
        from pytest_netns_mysql.mysql.dialects.mariadb import MARIADB

        return MARIADB

    def program(self, name: str) -> Path | None:
        """Find a client program of this machine."""
        return program_on_path(name)

    def require(self, name: str) -> Path:
        """Find a client program; raise ServerNotFoundError where there is none."""
        found = self.program(name)
        if found is None:
            raise ServerNotFoundError(f"there is no program {name} on PATH", remedies=["install the client programs"])
        return found

    def refuse(self, written: Mapping[str, Any], where: str) -> None:
        """Raise ServerVersionError for what is the server's own to say."""
        factory = written.get("factory")
        asked = [f"factories.{factory}"] if factory in _STARTING else []
        asked += [key for key in _ITS_OWN if factory is None and written.get(key)]
        if asked:
            raise ServerVersionError(
                f"{self.name} was started by others, so that it takes no {asked[0]}",
                where=where,
                remedies=[f"leave out {asked[0]}", "choose a server that this plugin starts: netns_mysqld = auto"],
            )

    def identity(self) -> Sequence[str]:
        """Return what tells it from others."""
        return [self.name]

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Make nothing: the data is where the server is."""

    def process(self, name: str, network: Network) -> Process:
        """Return what stands for the server; raise SettingError where no namespace leads to it."""
        if not network.topology.plan.external:
            raise SettingError(
                f"{self.name} is out of reach: topology {network.topology.name} is a network of its own",
                where=f"netns_mysqld = {self.name}",
                remedies=["choose a topology of namespaces that exist already: external = ..., see docs/topologies.md"],
            )
        return ExternalProcess(self, name, network)


class ExternalProcess(Process):
    """Stand for a server that others run: what a process of our own tells, and nothing that it does."""

    def __init__(self, kind: External, name: str, network: Network) -> None:
        """Keep which server."""
        super().__init__("", WORK_DIRECTORY / name, network[GLOBAL])
        self.home = network.sandbox.at_rest()
        self._kind = kind

    @property
    def administration(self) -> Mapping[str, Any]:
        """Return what the driver needs to connect as the administrator."""
        return _administration(self._kind.listens, self._kind.user, self._kind.password)

    @property
    def pid(self) -> None:
        """Return None: it is not known."""

    @property
    def state(self) -> str:
        """Return that others run it."""
        return "run by others"

    @property
    def error_log(self) -> ErrorLog:
        """Return an empty one: it is out of reach."""
        return ErrorLog("")

    def check_own(self, what: str) -> None:
        """Raise SettingError: all that is done to the server itself, others do."""
        raise SettingError(
            f"{self._kind.name} cannot be {what}: it is run by others",
            remedies=["choose a server that this plugin starts, for this test: factories.mysqld(mysqld='auto')"],
        )

    def is_running(self) -> bool:
        """Tell that it runs, as far as is known."""
        return True

    def _is_deaf(self) -> bool:
        """Tell that it is not: it is none whose end is waited for."""
        return False

    def may_answer(self) -> bool:
        """Tell that it may."""
        return True

    def make(self, source: Callable[[], Path]) -> None:  # noqa: ARG002 - it has data of its own
        """Make the folder, where option files of clients lie."""
        with self._namespace:
            self.folder.mkdir()

    def files(self) -> Iterator[tuple[str, int]]:
        """Give none: they are out of reach."""
        return iter(())

    def prepare(self, listeners: Listeners) -> None:
        """Make way for nothing."""

    def launch(
        self, options: Mapping[str, OptionValue], listeners: Listeners, *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start nothing."""

    def kill(self, *, wait: bool = True) -> None:
        """End nothing."""

    def remove(self) -> None:
        """Remove the folder."""
        with self._namespace:
            shutil.rmtree(self.folder, ignore_errors=True)


def find(choice: str, *, user: str, password: str) -> External:
    """Ask a server what it is, from where this process stands.

    Raises SettingError for what names none, ServerNotFoundError where nobody answers or the administrator is not let
    in, ServerVersionError for one without network namespaces.
    """
    where = f"netns_mysqld = {choice}"
    host, colon, port = choice.removeprefix(SCHEME).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536
    if not (colon and is_port and host and len(host) <= _LONGEST_HOST and is_line(host)):
        raise SettingError(f"netns_mysqld = {choice!r} names no server", where=where, remedies=[_USAGE])
    place = Endpoint(host, port=int(port))
    try:
        # A collation that every server knows: which one this is remains to be asked.
        known = {"charset": "utf8mb4", "collation": "utf8mb4_general_ci", "connection_timeout": _TIMEOUT}
        options = {**_administration(place, user, password), **known}
        with mysql.connector.connect(**options) as asked, asked.cursor() as cursor:
            cursor.execute("SELECT VERSION(), @@version_comment")
            number, comment = map(str, cursor.fetchone() or ())
    except (mysql.connector.Error, OSError, UnicodeError) as error:  # of a host name that IDNA does not know
        raise ServerNotFoundError(
            f"the server at {host}, port {port}, does not let its administrator in",
            where=where,
            tried=[f"as {user!r}: {error}"],
            remedies=[
                "name its administrator: netns_external_user, and the environment variable NETNS_EXTERNAL_PASSWORD",
                "see that it runs, and answers from here",
            ],
        ) from error
    line = f"mysqld  Ver {number} ({comment})"
    flavor, version = parse_version(line)
    first = mariadb.FIRST_VERSION if flavor == mariadb.NAME else FIRST_VERSION
    if version < first:
        raise ServerVersionError(
            f"the server at {host}, port {port}, is {flavor} {printed(version)}: the first that this plugin knows is "
            f"{printed(first)}",
            where=where,
            tried=[line],
            remedies=WAYS_OUT,
        )
    return External(place, version, line, flavor, user, password)


def _administration(place: Endpoint, user: str, password: str) -> dict[str, Any]:
    # Over TLS where it has it: some ways to log in ask for that.
    return {"host": place.address, "port": place.port, "user": user, "password": password}
