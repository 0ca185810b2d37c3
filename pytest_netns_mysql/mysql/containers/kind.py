"""MySQL from a container image, as a kind of server: found, inspected, and checked for its version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ContainerError, ServerVersionError, SettingError
from pytest_netns_mysql.mysql.cache.versionline import recall, remember
from pytest_netns_mysql.mysql.containers.engine import Engine
from pytest_netns_mysql.mysql.containers.image import PASSWORD, Image
from pytest_netns_mysql.mysql.containers.reference import check_reference
from pytest_netns_mysql.mysql.kinds.local import fetched, program_on_path
from pytest_netns_mysql.mysql.servernames import IMAGE
from pytest_netns_mysql.mysql.versions import FIRST_VERSION, Version, format_version, parse_version_line

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.features import Feature
    from pytest_netns_mysql.mysql.mysqld.kind import StartableKind
    from pytest_netns_mysql.mysql.mysqld.process import Process

# The paths of the server in images: of MySQL and Percona, of images made from tarballs, and of MariaDB, for the error.
_PLACES = (
    *("/usr/sbin/mysqld", "/usr/local/bin/mysqld", "/usr/bin/mysqld", "/usr/libexec/mysqld"),
    *("/usr/local/mysql/bin/mysqld", "/usr/sbin/mariadbd", "/usr/bin/mariadbd"),
)
_ALLOW_EMPTY_PASSWORD = "MYSQL_ALLOW_EMPTY_PASSWORD"  # noqa: S105 - a variable's name
_UNKNOWN_PASSWORD = ("MYSQL_RANDOM_ROOT_PASSWORD", "MYSQL_ONETIME_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE")


@dataclass(frozen=True)
class ImageKind:
    """MySQL from a container image; a Kind.

    Attributes:
        image: The image.
        version: The server's version.
        version_line: What the server's program prints as its version.
        flavor: ``mysql`` or ``percona``.
        cache: The user's cache folder, where client programs may be.
    """

    image: Image
    version: Version
    version_line: str
    flavor: str
    cache: Path
    origin: str = "docker"
    can_stay_up: bool = False
    lacks: frozenset[Feature] = frozenset()
    listens: None = None

    @property
    def startable(self) -> StartableKind:
        """This object: this plugin starts servers of this kind."""
        return self

    @property
    def name(self) -> str:
        """The image's name, with ``docker://``."""
        return self.image.name

    @property
    def dialect(self) -> Dialect:
        """The dialect of this version of MySQL."""
        from pytest_netns_mysql.mysql.dialects.mysql import mysql_dialect

        return mysql_dialect(self.version)

    def program(self, name: str) -> Path | None:
        """Return the path of a client program on PATH, or else of a fetched server, or None."""
        beside = fetched(self.cache)
        return program_on_path(name) or (beside.program(name) if beside is not None else None)

    def identity(self) -> Sequence[str]:
        """Return texts that differ between data directories: the image and everything its entrypoint is given."""
        image = self.image
        variables = (f"{name}={value}" for name, value in sorted(image.environment.items()))
        return [image.digest, str(image.user), *variables, _digest(image.initdb)]

    def initialize(
        self,
        options: Mapping[str, OptionValue],
        folder: Path,
        progress: Callable[[str], None],
        timeout: float = 120.0,
    ) -> None:
        """Make a data directory by the image's entrypoint, with its scripts; raise ServerStartError."""
        from pytest_netns_mysql.mysql.containers.entrypoint import initialize

        initialize(self.image, options, folder, progress, timeout)

    def access(self, name: str, network: Network) -> Process:
        """Return the process of a server in a container of its own."""
        from pytest_netns_mysql.mysql.containers.container import ContainerProcess

        return ContainerProcess(self.image, name, network)


def find(
    choice: str,
    *,
    cache: Path,
    environment: Mapping[str, str],
    initdb: Path | None,
    progress: Callable[[str], None] | None,
) -> ImageKind | None:
    """Return the server of an image, which is pulled if the engine does not have it.

    Args:
        choice: The value of netns_mysqld, with ``docker://``.
        cache: The user's cache folder.
        environment: The variables of netns_image_env.
        initdb: The folder of netns_image_initdb, or None.
        progress: Takes a line of text before the image is pulled. With None the image is not pulled.

    Returns:
        The server, or None if there is no image and nothing is pulled.

    Raises:
        ContainerError: No image can have this name, no engine answers, the image cannot be pulled, or it has no server.
        ServerVersionError: The server is MariaDB, or too old.
        SettingError: The variables leave the administrator's password unknown.
    """
    where = f"netns_mysqld = {choice}"
    reference = choice.removeprefix(IMAGE)
    check_reference(reference, where)
    engine = Engine(where)
    attributes = engine.image(reference, progress=progress)
    if attributes is None:
        return None
    digest = str(attributes["Id"])
    own = dict(variable.split("=", 1) for variable in attributes["Config"].get("Env") or ())
    variables = _variables({**own, **environment}, environment, where)
    mysqld, line = _find_server(engine, reference, digest, cache, where)
    flavor, version = parse_version_line(line)
    if flavor == "mariadb":
        raise ServerVersionError(
            f"{choice} is MariaDB {format_version(version)}: it does not support addr/ns, and sockets cannot be "
            "passed into a container",
            where=where,
            remedies=["use a MariaDB of this machine: netns_mysqld = mariadb", "use an image of MySQL 8.0.22 or newer"],
        )
    if version < FIRST_VERSION:
        raise ServerVersionError(
            f"{choice} is MySQL {format_version(version)}: network namespace support came with 8.0.22",
            where=where,
            tried=[line],
            remedies=["use an image of MySQL 8.0.22 or newer"],
        )
    image = Image(f"{IMAGE}{reference}", digest, mysqld, variables, initdb, engine)
    return ImageKind(image, version, line, flavor, cache)


def _variables(known: Mapping[str, str], given: Mapping[str, str], where: str) -> dict[str, str]:
    """Return the variables for the entrypoint: the given ones, and defaults for the same administrator as elsewhere.

    Args:
        known: The variables of the image and the given ones.
        given: The variables of netns_image_env.
        where: The setting that names the image, for the error.
    """
    for name in _UNKNOWN_PASSWORD:
        if name in known:
            raise SettingError(
                f"{name} leaves the administrator's password unknown to this plugin",
                where=f"netns_image_env, or the environment of the image, for {where}",
                remedies=[f"leave it out, or set {PASSWORD}"],
            )
    defaults = {} if PASSWORD in known or _ALLOW_EMPTY_PASSWORD in known else {_ALLOW_EMPTY_PASSWORD: "yes"}
    if "MYSQL_ROOT_HOST" not in known:
        defaults["MYSQL_ROOT_HOST"] = "localhost"
    password = {PASSWORD: known[PASSWORD]} if PASSWORD in known else {}
    return {**defaults, **password, **given}


def _find_server(engine: Engine, reference: str, digest: str, cache: Path, where: str) -> tuple[str, str]:
    """Return the path and the version line of the server in an image, cached by the image's id."""
    known = recall(cache, digest)
    if known is not None and all(isinstance(known.get(name), str) for name in ("mysqld", "version_line")):
        return known["mysqld"], known["version_line"]
    with engine.looking_into(reference) as resolve:
        mysqld = next((path for place in _PLACES if (path := resolve(place)) is not None), None)
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
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder is not None else ()
    return hashlib.sha256(b"".join(map(_digest_of_file, files))).hexdigest()


def _digest_of_file(file: Path) -> bytes:
    return hashlib.sha256(f"{file.name}\0".encode() + file.read_bytes()).digest()
