"""What a kind of server is: a program of this machine, MariaDB, an image, a server that somebody else runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.process import Process

Version = tuple[int, int, int]


class Kind(Protocol):
    """Be a kind of server, of one version: the rest of the code asks it, and does not know which it is.

    Shape: ``version`` is such as (9, 7, 4), ``flavor`` mysql, percona or mariadb, ``version_line`` what the program
    printed of itself; ``name`` says in messages what the server is, ``origin`` is its part of a test's id beside flavor
    and version, empty for a program of this machine.
    """

    @property
    def version(self) -> Version:
        """Return the server's version."""
        ...

    @property
    def flavor(self) -> str:
        """Return whose server it is."""
        ...

    @property
    def version_line(self) -> str:
        """Return what the server says of its version."""
        ...

    @property
    def name(self) -> str:
        """Return what messages call it."""
        ...

    @property
    def origin(self) -> str:
        """Return where it comes from, for the ids of tests."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Return how it is spoken to, where its statements are not MySQL's."""
        ...

    @property
    def can_stay_up(self) -> bool:
        """Tell whether another process may adopt a running one, see `netns-mysql up`."""
        ...

    @property
    def listens(self) -> Endpoint | None:
        """Return where it listens, of a server that others started; None for one that listens where a plan says."""
        ...

    def program(self, name: str) -> Path | None:
        """Find a client program that came with it, or one of this machine's."""
        ...

    def require(self, name: str) -> Path:
        """Find a program as ``program`` does; raise ServerNotFoundError where there is none."""
        ...

    def refuse(self, written: Mapping[str, Any], where: str) -> None:
        """Raise ServerVersionError for what a plan asks for and no server of this kind has."""
        ...

    def identity(self) -> Sequence[str]:
        """Return what tells its data directories from those of others."""
        ...

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Make a data directory in ``folder``, booted once and shut down in good order; raise ServerStartError.

        ``progress`` takes a line of text; each start of the server ends within ``timeout`` seconds.
        """
        ...

    def process(self, name: str, network: Network) -> Process:
        """Return the process of a server that is called ``name``; nothing is started."""
        ...


def printed(version: Version) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


def label(kind: Kind) -> str:
    """Return what a test's id says of a server: flavor, version, and where it comes from."""
    return "-".join(filter(None, [kind.flavor, printed(kind.version), kind.origin]))
