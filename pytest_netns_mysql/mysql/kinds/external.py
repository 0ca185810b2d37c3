"""A server that others run: this plugin neither starts nor stops it, and clients in namespaces connect to it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mysql.connector

from pytest_netns_mysql.arguments import is_line
from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import (
    ServerGoneError,
    ServerNotFoundError,
    ServerStartError,
    ServerVersionError,
    SettingError,
)
from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
from pytest_netns_mysql.mysql.dialects.mysql import mysql_dialect
from pytest_netns_mysql.mysql.kinds import mariadb
from pytest_netns_mysql.mysql.kinds.local import program_on_path
from pytest_netns_mysql.mysql.mysqld.connectionnames import ConnectionNames
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.failure import silent_error
from pytest_netns_mysql.mysql.mysqld.features import Feature
from pytest_netns_mysql.mysql.servernames import EXTERNAL
from pytest_netns_mysql.mysql.versions import (
    FIRST_MARIADB,
    FIRST_VERSION,
    WAYS_OUT,
    Version,
    format_version,
    parse_version_line,
)
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect

_USAGE = "write external:HOST:PORT, such as external:192.0.2.10:3306; an IPv6 address in brackets"
_LACKS = frozenset(
    {
        Feature.START,
        Feature.OPTIONS,
        Feature.LOAD,
        Feature.DROPPED_CAPABILITIES,
        Feature.ADMIN_ADDRESS,
        Feature.X_PROTOCOL,
        Feature.CERTIFICATE_AUTHORITY,
    }
)
_TIMEOUT = 10  # seconds
_LONGEST_HOST = 255  # characters


@dataclass(frozen=True)
class External:
    """A server that others run; a Kind.

    Attributes:
        listens: The endpoint at which the server answers this machine.
        version: The server's version.
        version_line: The server's version and comment, as ``mysqld --version`` would print them.
        flavor: ``mysql``, ``percona`` or ``mariadb``.
        user: The administrator's user name.
        password: The administrator's password.
    """

    listens: Endpoint
    version: Version
    version_line: str
    flavor: str
    user: str
    password: str = field(repr=False)
    origin: str = "external"
    can_stay_up: bool = False
    lacks: frozenset[Feature] = _LACKS
    startable: None = None

    @property
    def name(self) -> str:
        """The server's address with ``external:``, as in the setting netns_mysqld."""
        return f"{EXTERNAL}{self.listens.address}:{self.listens.port}"

    @property
    def dialect(self) -> Dialect:
        """MySQL's or MariaDB's dialect."""
        if self.flavor != mariadb.NAME:
            return mysql_dialect(self.version)
        from pytest_netns_mysql.mysql.dialects.mariadb import MARIADB

        return MARIADB

    def program(self, name: str) -> Path | None:
        """Return a client program on PATH, or None."""
        return program_on_path(name)

    def access(self, name: str, network: Network) -> ExternalServer:
        """Return this plugin's access to the server; raise SettingError if no namespace leads to it."""
        if not network.topology.plan.external:
            raise SettingError(
                f"{self.name} cannot be reached: the topology {network.topology.name} has no route out of its sandbox",
                where=f"netns_mysqld = {self.name}",
                remedies=[
                    "choose a topology of namespaces that exist already: external = ..., see the page on topologies"
                ],
            )
        return ExternalServer(self, name, network)


class ExternalServer:
    """The administrator's access to a server that others run; a ServerAccess."""

    default_network_namespace = ""
    pid = None
    exit_code = None
    state = "run by others"
    crash = ""

    def __init__(self, kind: External, name: str, network: Network) -> None:
        """Take note of the server; nothing is opened."""
        self.folder: Path = WORK_DIRECTORY / name
        self.home: AbstractContextManager[Any] = network._sandbox.at_rest()
        self.command: list[str] = []
        self.clients: ConnectionNames = ConnectionNames()
        self._kind = kind
        self._namespace = network[GLOBAL]

    @property
    def socket(self) -> Path:
        """A path where no socket is: the server's own one is out of reach."""
        return self.folder / "mysql.sock"

    @property
    def administration(self) -> Mapping[str, Any]:
        """The driver's options for connecting as the administrator."""
        return _administration(self._kind.listens, self._kind.user, self._kind.password)

    @property
    def error_log(self) -> ErrorLog:
        """An empty log: the server's own one is out of reach."""
        return ErrorLog("")

    def is_running(self) -> bool:
        """Return True: this process cannot know better."""
        return True

    def check_running(self) -> None:
        """Raise nothing: this process does not see the server end."""

    def may_answer(self) -> bool:
        """Return True: the server answered when it was found."""
        return True

    def raise_if_server_died(self) -> AbstractContextManager[None]:
        """Return a block that leaves the driver's errors as they are."""
        return contextlib.nullcontext()

    def silent_error(self, what: str) -> ServerGoneError:
        """Return the error for a server that has left ``what`` unanswered."""
        return silent_error(what, self._kind.name, self.error_log)

    def make_folder(self) -> None:
        """Make the folder in which the option files of clients are written."""
        with self._namespace:
            self.folder.mkdir()

    def wait(self, answers: Callable[[], bool], *, timeout: float) -> None:
        """Return when ``answers`` returns True; raise ServerStartError after ``timeout`` seconds."""

        def too_slow() -> ServerStartError:
            return ServerStartError(
                f"{self._kind.name} has not answered its administrator within {timeout:g} seconds",
                where=f"netns_mysqld = {self._kind.name}",
                remedies=[
                    "raise netns_start_timeout (seconds)",
                    "see that the server runs, and that it answers from here",
                ],
            )

        wait_until(answers, timeout=timeout, error=too_slow)

    def remove(self) -> None:
        """Remove the folder."""
        with self._namespace:
            shutil.rmtree(self.folder, ignore_errors=True)


def find(choice: str, *, user: str, password: str) -> External:
    """Ask a server for its version, from this process's namespace.

    Args:
        choice: The value of the setting netns_mysqld: ``external:HOST:PORT``.
        user: The administrator's user name.
        password: The administrator's password.

    Raises:
        SettingError: ``choice`` does not have this form.
        ServerNotFoundError: No server answers, or the administrator cannot log in.
        ServerVersionError: The server is too old.
    """
    where = f"netns_mysqld = {choice}"
    host, colon, port = choice.removeprefix(EXTERNAL).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536
    if not (colon and is_port and host and len(host) <= _LONGEST_HOST and is_line(host)):
        raise SettingError(f"netns_mysqld = {choice!r} is not the address of a server", where=where, remedies=[_USAGE])
    place = Endpoint(host, port=int(port))
    try:
        # A collation that every server has, since flavor and version are not known yet.
        common = {"charset": "utf8mb4", "collation": "utf8mb4_general_ci", "connection_timeout": _TIMEOUT}
        options = {**_administration(place, user, password), **common}
        with mysql.connector.connect(**options) as asked, asked.cursor() as cursor:
            cursor.execute("SELECT VERSION(), @@version_comment")
            number, comment = map(str, cursor.fetchone() or ())
    except (mysql.connector.Error, OSError, UnicodeError) as error:  # UnicodeError: the host name is not valid in IDNA
        raise ServerNotFoundError(
            f"the administrator cannot log in to the server at {host}, port {port}",
            where=where,
            tried=[f"as {user!r}: {error}"],
            remedies=[
                "set the administrator's name, netns_external_user, and password, NETNS_EXTERNAL_PASSWORD",
                "make sure that the server runs and that this machine can reach it",
            ],
        ) from error
    line = f"mysqld  Ver {number} ({comment})"
    flavor, version = parse_version_line(line)
    first = FIRST_MARIADB if flavor == mariadb.NAME else FIRST_VERSION
    if version < first:
        raise ServerVersionError(
            f"the server at {host}, port {port}, is {flavor} {format_version(version)}: the first that this "
            f"plugin supports is {format_version(first)}",
            where=where,
            tried=[line],
            remedies=WAYS_OUT,
        )
    return External(place, version, line, flavor, user, password)


def _administration(place: Endpoint, user: str, password: str) -> dict[str, Any]:
    # The driver uses TLS if the server has it: some authentication plugins require TLS.
    return {"host": place.address, "port": place.port, "user": user, "password": password}
