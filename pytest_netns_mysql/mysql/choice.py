"""Which server a run uses: what the setting netns_mysqld may say, and who finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql import distribution

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.kind import Kind

_IMAGE = "docker://"
_MARIADB = "mariadb"


@dataclass(frozen=True)
class Finder:
    """Find servers: ``cache`` is the user's cache folder, made when needed; ``progress`` takes a line of text.

    Shape: ``image_env`` are variables for an image's entrypoint, ``image_initdb`` a folder of scripts for it, or None.
    """

    cache: Path
    progress: Callable[[str], None]
    image_env: Mapping[str, str] = field(default_factory=dict)
    image_initdb: Path | None = None

    def find(self, choice: str) -> Kind:
        """Return the server that a choice names, brought now where that is needed.

        Raises ServerNotFoundError, and its like ServerVersionError and ContainerError, for one that cannot do it.
        """
        found = self._find(choice, self.progress)
        if found is None:
            raise AssertionError(choice)
        return found

    def look(self, choice: str) -> Kind | None:
        """Return the server that a choice names, or None where it would have to be brought; raise as ``find``."""
        return self._find(choice, None)

    def _find(self, choice: str, progress: Callable[[str], None] | None) -> Kind | None:
        if choice.startswith(_IMAGE):
            from pytest_netns_mysql.mysql import image

            return image.find(
                choice,
                cache=self.cache,
                environment=self.image_env,
                initdb=self.image_initdb,
                progress=progress,
            )
        cache = self.cache.expanduser().absolute()
        if choice == _MARIADB:
            from pytest_netns_mysql.mysql import mariadb

            return mariadb.look(cache)[0] if progress is None else mariadb.find(cache=cache, progress=progress)
        if choice != "auto":
            return _of_program(*distribution.named(choice, cache))
        if progress is None:
            return distribution.look(choice, cache=cache)[0]
        return distribution.find(choice, cache=cache, progress=progress)


def _of_program(program: Path, version_line: str) -> Kind:
    if distribution.parse_version(version_line)[0] != _MARIADB:
        return distribution.distribution(program, version_line)
    from pytest_netns_mysql.mysql import mariadb

    return mariadb.described(program, version_line)


def choices(setting: str) -> tuple[str, ...]:
    """Return the servers that a setting names, each once."""
    return tuple(dict.fromkeys(part.strip() for part in setting.split(",") if part.strip()))
