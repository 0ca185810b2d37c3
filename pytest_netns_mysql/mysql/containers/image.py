"""The data of a container image with a MySQL server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pytest_netns_mysql.mysql.containers.engine import Engine

PASSWORD = "MYSQL_ROOT_PASSWORD"  # noqa: S105 - a variable's name
_USER_FOR_ROOT = 999  # uid and gid of mysql in the official image


@dataclass(frozen=True)
class Image:
    """A container image with a MySQL server.

    Attributes:
        name: The image's name as the setting netns_mysqld has it, with ``docker://``.
        digest: The image's id.
        mysqld: The path of the server's program in the image.
        environment: Variables for the image's entrypoint.
        initdb: The folder that the entrypoint finds as /docker-entrypoint-initdb.d, or None.
        engine: The container engine that has the image.
    """

    name: str
    digest: str
    mysqld: str
    environment: Mapping[str, str] = field(repr=False)
    initdb: Path | None
    engine: Engine = field(compare=False, repr=False)

    @property
    def password(self) -> str:
        """The administrator's password."""
        return self.environment.get(PASSWORD, "")

    @cached_property
    def user(self) -> tuple[int, int]:
        """The uid and gid that the server runs as: this user's, who owns the files, and never root's.

        An entrypoint that root runs would change to a user of the image.
        """
        return (_USER_FOR_ROOT, _USER_FOR_ROOT) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
