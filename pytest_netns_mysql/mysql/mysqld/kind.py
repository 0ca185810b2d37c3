"""The interfaces of a kind of server: a program of this machine, MariaDB, an image, a server that others run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pytest_netns_mysql.errors import ServerNotFoundError, ServerVersionError, in_short
from pytest_netns_mysql.mysql.mysqld.features import Feature, Request
from pytest_netns_mysql.mysql.versions import Version, format_version

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.access import ServerAccess

_CLIENTS = ("mysql", "mariadb")
_TITLES = {"mysql": "MySQL", "percona": "Percona Server", "mariadb": "MariaDB"}

_REMEDIES = {
    Feature.CERTIFICATE_AUTHORITY: "give the server certificates of your own by the options ssl_ca, ssl_cert, ssl_key",
    Feature.NETWORK_NAMESPACES: "leave out check_endpoints=False: this plugin then opens the listening sockets",
}


class Kind(Protocol):
    """A kind of server, of one version, as all other code sees it.

    Attributes:
        version: The server's version, such as (9, 7, 4).
        flavor: ``mysql``, ``percona`` or ``mariadb``.
        version_line: What the server's program prints as its version.
        name: The server's name in messages: a path, an image, an address.
        origin: The last part of the server's label in a test's id; empty for a program of this machine.
        dialect: What differs between MySQL and MariaDB in statements and options.
        lacks: The features that servers of this kind do not have.
        listens: The endpoint of a server that others run; None where this plugin starts servers of this kind.
        can_stay_up: True if another process can adopt a running server, as `netns-mysql up` needs.
        startable: This object, where this plugin starts servers of this kind; None for a server that others run.
    """

    @property
    def version(self) -> Version: ...  # noqa: D102 - see Attributes
    @property
    def flavor(self) -> str: ...  # noqa: D102
    @property
    def version_line(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def origin(self) -> str: ...  # noqa: D102
    @property
    def dialect(self) -> Dialect: ...  # noqa: D102
    @property
    def lacks(self) -> frozenset[Feature]: ...  # noqa: D102
    @property
    def listens(self) -> Endpoint | None: ...  # noqa: D102
    @property
    def can_stay_up(self) -> bool: ...  # noqa: D102
    @property
    def startable(self) -> StartableKind | None: ...  # noqa: D102

    def program(self, name: str) -> Path | None:
        """Return the path of a client program, one that came with the server or one on PATH, or None."""
        ...

    def access(self, name: str, network: Network) -> ServerAccess:
        """Return this plugin's access to a server called ``name``; nothing is started."""
        ...


class StartableKind(Kind, Protocol):
    """A kind of server that this plugin starts; ``access`` returns a Process."""

    def identity(self) -> Sequence[str]:
        """Return texts that differ between servers whose data directories differ."""
        ...

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Make a data directory that was booted once and shut down cleanly.

        Args:
            options: The server's options that decide what a data directory is like.
            folder: The data directory, which does not exist yet.
            progress: Takes a line of text.
            timeout: Seconds for each start of the server.

        Raises:
            ServerStartError: The server's program failed.
        """
        ...


def title(kind: Kind) -> str:
    """Return the product's name as its makers write it, such as ``Percona Server``."""
    return _TITLES.get(kind.flavor, kind.flavor)


def label(kind: Kind) -> str:
    """Return the part of a test's id that names a server: flavor, version and origin."""
    return "-".join(filter(None, [kind.flavor, format_version(kind.version), kind.origin]))


def require_program(kind: Kind, name: str) -> Path:
    """Return the path of a client program as ``Kind.program`` does; raise ServerNotFoundError if there is none."""
    if not isinstance(name, str):
        raise ServerNotFoundError(f"a program is named by text, got {in_short(name)}", remedies=["write 'mysql'"])
    found = kind.program(name)
    if found is None:
        mysql = kind.program("mysql")
        beside = mysql.parent.glob("m*") if mysql is not None else ()
        known = sorted(path.name for path in beside if path.name.startswith(_CLIENTS))
        place = "on PATH" if kind.listens is not None else f"beside {kind.name}, nor on PATH"
        raise ServerNotFoundError(
            f"there is no program {name} {place}",
            remedies=[
                "install the MySQL client programs, so that they are on PATH",
                *([f"or correct the name: {', '.join(known)}"] if known else []),
            ],
        )
    return found


def check_features(kind: Kind, requests: Iterable[Request], where: str) -> None:
    """Raise ServerVersionError for the first of these requests that asks for a feature that ``kind`` lacks.

    Args:
        kind: The kind of server.
        requests: What the server is asked for.
        where: The error's place: a server, or a fixture and its test.
    """
    for request in requests:
        if request.feature in kind.lacks:
            raise _error(kind, request, where)


def _error(kind: Kind, request: Request, where: str) -> ServerVersionError:
    if kind.listens is not None:
        return ServerVersionError(
            f"{kind.name} is run by others, so that {request.source} cannot be used",
            where=where,
            remedies=[f"leave out {request.source}", "choose a server that this plugin starts: netns_mysqld = auto"],
        )
    return ServerVersionError(
        f"{title(kind)} {format_version(kind.version)} has no {request.feature.value}, which {request.source} needs",
        where=where,
        tried=[kind.name],
        remedies=[
            *([_REMEDIES[request.feature]] if request.feature in _REMEDIES else []),
            f'mark the test @pytest.mark.netns_mysqld(flavor="mysql"): it is then not applicable on {title(kind)}',
            "or have it run on a MySQL: netns_mysqld = auto",
        ],
    )
