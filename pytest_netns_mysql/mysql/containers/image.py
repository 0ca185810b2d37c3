"""MySQL from a container image: what the image holds, and how a data directory is made by its own entrypoint."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ContainerError, ServerVersionError, SettingError
from pytest_netns_mysql.mysql.cache.versionline import recall, remember
from pytest_netns_mysql.mysql.containers.engine import Engine
from pytest_netns_mysql.mysql.kinds.local import fetched, program_on_path
from pytest_netns_mysql.mysql.versions import FIRST_VERSION, Version, format_version, parse_version_line

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.features import Feature
    from pytest_netns_mysql.mysql.mysqld.kind import StartableKind
    from pytest_netns_mysql.mysql.mysqld.process import Process

SCHEME = "docker://"
# Where images have their server: MySQL's own and Percona's, those made from tarballs; MariaDB's, to be told.
_PLACES = (
    *("/usr/sbin/mysqld", "/usr/local/bin/mysqld", "/usr/bin/mysqld", "/usr/libexec/mysqld"),
    *("/usr/local/mysql/bin/mysqld", "/usr/sbin/mariadbd", "/usr/bin/mariadbd"),
)
_PASSWORD = "MYSQL_ROOT_PASSWORD"  # noqa: S105 - a variable's name
_ONE_OF_THEM = (_PASSWORD, "MYSQL_ALLOW_EMPTY_PASSWORD")
_UNKNOWABLE = ("MYSQL_RANDOM_ROOT_PASSWORD", "MYSQL_ONETIME_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE")


@dataclass(frozen=True)
class Image:
    """Be MySQL by an image; a Kind.

    Shape: ``reference`` is as docker run takes it; ``digest`` is the image's id; ``mysqld`` is the program's path in
    it; ``environment`` has the variables for its entrypoint, ``initdb`` is what the entrypoint finds as
    /docker-entrypoint-initdb.d, or None.
    """

    reference: str
    digest: str
    mysqld: str
    version: Version
    version_line: str
    flavor: str
    environment: Mapping[str, str] = field(repr=False)
    initdb: Path | None
    cache: Path
    engine: Engine = field(compare=False, repr=False)
    can_stay_up: bool = False
    lacks: frozenset[Feature] = frozenset()
    listens: None = None

    @property
    def startable(self) -> StartableKind:
        """This object: this plugin starts servers of this kind."""
        return self

    @property
    def name(self) -> str:
        """Return what messages call it."""
        return f"{SCHEME}{self.reference}"

    @property
    def origin(self) -> str:
        """Return what tells it from a server of this machine."""
        return "docker"

    @property
    def dialect(self) -> Dialect:
        """Return how it is spoken to."""
        from pytest_netns_mysql.mysql.dialects.mysql import MYSQL

        return MYSQL

    @property
    def password(self) -> str:
        """Return the administrator's."""
        return self.environment.get(_PASSWORD, "")

    @cached_property
    def user(self) -> tuple[int, int]:
        """Return the uid and gid that the server runs as: this user's, whose its files are, and not root.

        An entrypoint that root runs would become a user of the image's own.
        """
        return (999, 999) if os.geteuid() == 0 else (os.geteuid(), os.getegid())

    def program(self, name: str) -> Path | None:
        """Find a client program of this machine, or of a server that was fetched."""
        beside = fetched(self.cache)
        return program_on_path(name) or (beside.program(name) if beside is not None else None)

    def identity(self) -> Sequence[str]:
        """Return what tells its data directories from those of others: the image, what its entrypoint is given."""
        variables = (f"{name}={value}" for name, value in sorted(self.environment.items()))
        return [self.digest, str(self.user), *variables, _digest(self.initdb)]

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Have the image's entrypoint make a data directory, and run its scripts; raise ServerStartError."""
        from pytest_netns_mysql.mysql.containers.entrypoint import initialize

        initialize(self, options, folder, progress, timeout)

    def access(self, name: str, network: Network) -> Process:
        """Return the process of a server, in a container of its own."""
        from pytest_netns_mysql.mysql.containers.container import ContainerProcess

        return ContainerProcess(self, name, network)


def find(
    choice: str,
    *,
    cache: Path,
    environment: Mapping[str, str],
    initdb: Path | None,
    progress: Callable[[str], None] | None,
) -> Image | None:
    """Return the server of an image, which is pulled where it is not there; without ``progress`` None then.

    Raises ContainerError, ServerVersionError for an image of a server that cannot do it, SettingError for variables
    that leave the administrator's password unknown.
    """
    where = f"netns_mysqld = {choice}"
    reference = choice.removeprefix(SCHEME)
    engine = Engine(where)
    attributes = engine.image(reference, progress=progress)
    if attributes is None:
        return None
    digest = str(attributes["Id"])
    own = dict(one.split("=", 1) for one in attributes["Config"].get("Env") or ())
    variables = _variables({**own, **environment}, environment, where)
    mysqld, line = _look_into(engine, reference, digest, cache, where)
    flavor, version = parse_version_line(line)
    if flavor == "mariadb":
        raise ServerVersionError(
            f"{choice} is MariaDB {format_version(version)}: it has no addr/ns, and its listening "
            "sockets cannot be handed into a container",
            where=where,
            remedies=["netns_mysqld = mariadb, a MariaDB of this machine", "an image of MySQL 8.0.22 or newer"],
        )
    if version < FIRST_VERSION:
        raise ServerVersionError(
            f"{choice} is MySQL {format_version(version)}: network namespace support came with 8.0.22",
            where=where,
            tried=[line],
            remedies=["an image of MySQL 8.0.22 or newer"],
        )
    return Image(reference, digest, mysqld, version, line, flavor, variables, initdb, cache, engine)


def _variables(known: Mapping[str, str], given: Mapping[str, str], where: str) -> dict[str, str]:
    """Return the variables for the entrypoint: those given, and what makes the administrator as a local server's."""
    for name in _UNKNOWABLE:
        if name in known:
            raise SettingError(
                f"{name} leaves the administrator's password unknown to this plugin",
                where=f"netns_image_env, or the environment of the image, for {where}",
                remedies=[f"leave it out, or set {_PASSWORD}"],
            )
    defaults = {} if any(name in known for name in _ONE_OF_THEM) else {_ONE_OF_THEM[1]: "yes"}
    if "MYSQL_ROOT_HOST" not in known:
        defaults["MYSQL_ROOT_HOST"] = "localhost"
    password = {_PASSWORD: known[_PASSWORD]} if _PASSWORD in known else {}
    return {**defaults, **password, **given}


def _look_into(engine: Engine, reference: str, digest: str, cache: Path, where: str) -> tuple[str, str]:
    """Return the server's path in an image, and what it prints as its version; remembered, by the image's id."""
    known = recall(cache, digest)
    if known is not None:
        return known["mysqld"], known["version_line"]
    with engine.looking_into(reference) as target:
        mysqld = next((found for place in _PLACES if (found := target(place)) is not None), None)
    if mysqld is None:
        raise ContainerError(
            f"there is no mysqld in the image {reference}",
            where=where,
            tried=_PLACES,
            remedies=["name an image of a MySQL server: docker://mysql:8.4"],
        )
    line = engine.output(reference, [mysqld, "--no-defaults", "--version"]).strip()
    remember(cache, digest, {"mysqld": mysqld, "version_line": line})
    return mysqld, line


def _digest(folder: Path | None) -> str:
    files = sorted(one for one in folder.rglob("*") if one.is_file()) if folder is not None else ()
    return hashlib.sha256(b"".join(_of_file(one) for one in files)).hexdigest()


def _of_file(file: Path) -> bytes:
    return hashlib.sha256(f"{file.name}\0".encode() + file.read_bytes()).digest()


def token() -> str:
    """Return what no other container is called by."""
    return secrets.token_hex(6)
