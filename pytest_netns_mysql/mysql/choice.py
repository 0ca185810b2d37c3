"""Which server a run uses: what the setting netns_mysqld may say, and who finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ContainerError, NetnsError, ServerNotFoundError
from pytest_netns_mysql.mysql.cache import trust
from pytest_netns_mysql.mysql.fetch.permission import Permission
from pytest_netns_mysql.mysql.kinds import local
from pytest_netns_mysql.mysql.versions import parse_version_line

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

_AUTO = "auto"
_IMAGE = "docker://"
_MARIADB = "mariadb"
_LAST_RESORT = "docker://mysql:8.4"
_EXTERNAL = "external:"


@dataclass(frozen=True)
class Finder:
    """What finds servers.

    Attributes:
        cache: The user's cache folder, made when needed.
        progress: Takes a line of text.
        permission: Whether something may be fetched or pulled.
        image_env: Variables for an image's entrypoint.
        image_initdb: A folder of scripts for an image's entrypoint, or None.
        external_user: The administrator of a server that others run.
        external_password: The administrator's password.
    """

    cache: Path
    progress: Callable[[str], None]
    permission: Permission = field(default_factory=Permission)
    image_env: Mapping[str, str] = field(default_factory=dict)
    image_initdb: Path | None = None
    external_user: str = "root"
    external_password: str = ""

    def find(self, choice: str) -> Kind:
        """Return the server that a choice names, brought now where that is needed.

        Raises ServerNotFoundError, and its like ServerVersionError and ContainerError, for one that cannot do it.
        """
        found = self.look(choice)
        if found is None and choice == _AUTO and self.permission.is_never:
            found = self._last_resort()
        if found is None:
            self._require_permission(choice)
            found = self._find(choice, self.progress)
        if found is None:
            raise AssertionError(choice)
        return found

    def look(self, choice: str) -> Kind | None:
        """Return the server that a choice names, or None where it would have to be brought; raise as ``find``."""
        return self._find(choice, None)

    def _find(self, choice: str, progress: Callable[[str], None] | None) -> Kind | None:
        if choice.startswith(_IMAGE):
            return self._image(choice, progress)
        if choice.startswith(_EXTERNAL):
            from pytest_netns_mysql.mysql.kinds import external

            return external.find(choice, user=self.external_user, password=self.external_password)
        cache = self.cache.expanduser().absolute()
        trust.check(cache)
        if choice == _MARIADB:
            from pytest_netns_mysql.mysql.kinds import mariadb

            return mariadb.look(cache)[0] if progress is None else mariadb.find(cache=cache, progress=progress)
        if choice != _AUTO:
            return of_program(*local.named(choice, cache))
        return local.look(choice, cache=cache)[0] if progress is None else self._auto(cache, progress)

    def _last_resort(self) -> Kind | None:
        """Return the image that is taken where nothing can be fetched, if it is here."""
        try:
            return self._image(_LAST_RESORT, None)
        except NetnsError:
            return None

    def _require_permission(self, choice: str) -> None:
        """Raise an error if what a choice names may not be brought now; raise ServerNotFoundError, ContainerError."""
        where = f"netns_mysqld = {choice}"
        if choice.startswith(_IMAGE):
            if self.permission.is_never:
                image = choice.removeprefix(_IMAGE)
                raise ContainerError(
                    f"there is no image {image} on this machine, and netns_fetch = never: it is not pulled",
                    where=self.permission.place or where,
                    remedies=[f"run `docker pull {image}` before", "set netns_fetch = auto: the run pulls it"],
                )
            return
        cache = self.cache.expanduser().absolute()
        if choice == _MARIADB:
            from pytest_netns_mysql.mysql.fetch.products import MARIADB as PRODUCT
            from pytest_netns_mysql.mysql.kinds import mariadb

            tried = mariadb.look(cache)[1]
        else:
            from pytest_netns_mysql.mysql.fetch.products import MYSQL as PRODUCT

            tried = local.look(choice, cache=cache)[1]
        self.permission.require(
            PRODUCT.title,
            PRODUCT.name,
            error=ServerNotFoundError,
            where=where,
            tried=tried,
            remedies=PRODUCT.remedies,
        )

    def _auto(self, cache: Path, progress: Callable[[str], None]) -> Kind | None:
        try:
            return local.find(_AUTO, cache=cache, progress=progress)
        except ServerNotFoundError as error:
            try:
                return self._image(_LAST_RESORT, progress)
            except NetnsError as another:
                error.tried = (*error.tried, f"a container of {_LAST_RESORT}: {another.what}")
                raise error from None

    def _image(self, choice: str, progress: Callable[[str], None] | None) -> Kind | None:
        from pytest_netns_mysql.mysql.containers import kind

        return kind.find(
            choice, cache=self.cache, environment=self.image_env, initdb=self.image_initdb, progress=progress
        )


def of_program(program: Path, version_line: str) -> Kind:
    """Return the server that a program is, by what it prints as its version; raise as ``find``."""
    if parse_version_line(version_line)[0] != _MARIADB:
        return local.distribution(program, version_line)
    from pytest_netns_mysql.mysql.kinds import mariadb

    return mariadb.described(program, version_line)
