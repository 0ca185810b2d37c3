"""Finding the server that the setting netns_mysqld names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ContainerError, NetnsError, ServerNotFoundError
from pytest_netns_mysql.mysql.cache import noexec, trust
from pytest_netns_mysql.mysql.fetch.permission import Permission, is_inside
from pytest_netns_mysql.mysql.kinds import local
from pytest_netns_mysql.mysql.servernames import AUTO, EXTERNAL, IMAGE, MARIADB
from pytest_netns_mysql.mysql.versions import parse_version_line

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

_LAST_RESORT = f"{IMAGE}mysql:8.4"


@dataclass(frozen=True)
class Finder:
    """The search for servers.

    Attributes:
        cache: The user's cache folder, made when needed.
        progress: Takes a line of text.
        permission: Whether something may be fetched or pulled.
        image_env: Variables for an image's entrypoint.
        image_initdb: A folder of scripts for an image's entrypoint, or None.
        external_user: The administrator of a server that others run.
        external_password: The password of that administrator.
    """

    cache: Path
    progress: Callable[[str], None]
    permission: Permission = field(default_factory=Permission)
    image_env: Mapping[str, str] = field(default_factory=dict)
    image_initdb: Path | None = None
    external_user: str = "root"
    external_password: str = ""

    def find(self, choice: str) -> Kind:
        """Return the server that a value of netns_mysqld names; fetch or pull the server if needed.

        Raises:
            ServerNotFoundError: There is no such server.
            ServerVersionError: The server does not support network namespaces.
            ContainerError: The image, or a container engine, is missing.
        """
        found = self.look(choice)
        if found is None and choice == AUTO and self.permission.is_never:
            found = self._last_resort()
        if found is None:
            self._require_permission(choice)
            found = self._find(choice, self.progress)
        if found is None:
            raise AssertionError(choice)
        return found

    def look(self, choice: str) -> Kind | None:
        """Return the server as ``find`` does, or None if it would have to be fetched or pulled."""
        return self._find(choice, None)

    def _find(self, choice: str, progress: Callable[[str], None] | None) -> Kind | None:
        if choice.startswith(IMAGE):
            return self._image(choice, progress)
        if choice.startswith(EXTERNAL):
            from pytest_netns_mysql.mysql.kinds import external

            return external.find(choice, user=self.external_user, password=self.external_password)
        cache = self.cache.expanduser().absolute()
        trust.check(cache)
        if choice == MARIADB:
            from pytest_netns_mysql.mysql.kinds import mariadb

            return mariadb.look(cache)[0] if progress is None else mariadb.find(cache=cache, progress=progress)
        if choice != AUTO:
            return of_program(*local.named(choice, cache))
        return local.look(choice, cache=cache)[0] if progress is None else self._auto(cache, progress)

    def _last_resort(self) -> Kind | None:
        """Return the image that is used if nothing may be fetched, or None if this machine does not have the image."""
        try:
            return self._image(_LAST_RESORT, None)
        except NetnsError:
            return None

    def _require_permission(self, choice: str) -> None:
        """Raise ServerNotFoundError or ContainerError if the settings do not permit to fetch or pull the server."""
        where = f"netns_mysqld = {choice}"
        if choice.startswith(IMAGE):
            if self.permission.is_never:
                image = choice.removeprefix(IMAGE)
                raise ContainerError(
                    f"there is no image {image} on this machine, and netns_fetch = never forbids to pull it",
                    where=self.permission.place or where,
                    remedies=[
                        f"run `docker pull {image}` first",
                        "or let the run pull the image: netns_fetch = auto",
                    ],
                )
            return
        cache = self.cache.expanduser().absolute()
        from pytest_netns_mysql.mysql.fetch import products

        if choice == MARIADB:
            from pytest_netns_mysql.mysql.kinds import mariadb

            product, tried = products.MARIADB, mariadb.look(cache)[1]
        else:
            product, tried = products.MYSQL, local.look(choice, cache=cache)[1]
        if (self.permission.is_never or is_inside()) and noexec.is_noexec(cache):
            remedies = [*noexec.remedies(cache), *product.remedies]
            raise ServerNotFoundError(noexec.FAULT, where=str(cache / "servers"), remedies=remedies)
        self.permission.require(
            product.title,
            product.name,
            error=ServerNotFoundError,
            where=where,
            tried=tried,
            remedies=product.remedies,
        )

    def _auto(self, cache: Path, progress: Callable[[str], None]) -> Kind | None:
        try:
            return local.find(AUTO, cache=cache, progress=progress)
        except ServerNotFoundError as error:
            try:
                return self._image(_LAST_RESORT, progress)
            except NetnsError as another:
                raise error._with_tried(f"a container of {_LAST_RESORT}: {another.what}") from None

    def _image(self, choice: str, progress: Callable[[str], None] | None) -> Kind | None:
        from pytest_netns_mysql.mysql.containers import kind

        return kind.find(
            choice, cache=self.cache, environment=self.image_env, initdb=self.image_initdb, progress=progress
        )


def of_program(program: Path, version_line: str) -> Kind:
    """Return the server with a program and the output of its ``--version``; raise as ``Finder.find``."""
    if parse_version_line(version_line)[0] != MARIADB:
        return local.distribution(program, version_line)
    from pytest_netns_mysql.mysql.kinds import mariadb

    return mariadb.of_version_line(program, version_line)
