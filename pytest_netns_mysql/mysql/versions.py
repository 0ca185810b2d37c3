"""Versions of servers: how they are read and written, the first ones that are supported, and what to do without one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_netns_mysql.errors import ServerVersionError

Version = tuple[int, int, int]

FIRST_VERSION: Version = (8, 0, 22)
"""The first MySQL whose server takes ``addr/ns`` and ``NETWORK_NAMESPACE``."""

FIRST_MARIADB: Version = (10, 6, 0)
"""The first MariaDB that takes several listening sockets from its parent, a unix socket among them."""

WAYS_OUT = (
    "install MySQL 8.0.22 or newer, from your system's packages or from MySQL's own",
    "run `netns-mysql fetch` where the machine's package sources can be reached",
    "name a server: netns_mysqld = /path/to/mysqld",
)
"""What to do without a usable mysqld."""

_PREFIX = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
_LINE = re.compile(r"\bVer (\d+)\.(\d+)\.(\d+)")


def find_version(line: str) -> Version | None:
    """Return the version in what a program's ``--version`` printed, or None if there is none."""
    found = _LINE.search(line)
    return None if found is None else _three(found.groups())


def parse_version_line(line: str) -> tuple[str, Version]:
    """Return flavor and version of a server from what ``mysqld --version`` printed.

    Returns:
        The flavor, which is ``mysql``, ``percona`` or ``mariadb``, and the version.

    Raises:
        ServerVersionError: The line has no version.
    """
    found = _LINE.search(line)
    if found is None:
        raise ServerVersionError(f"no version was found in the output of mysqld --version: {line!r}")
    behind_path = line[found.start() :].lower()  # the path of the program may contain any name
    flavor = next((name for name in ("mariadb", "percona") if name in behind_path), "mysql")
    return flavor, _three(found.groups())


def parse_package_version(text: str) -> Version:
    """Return the upstream version in a Debian package's version, such as (8, 0, 44) for ``1:8.0.44-0ubuntu1``."""
    numbers = re.findall(r"\d+", text.partition(":")[2] or text)
    return _three([*numbers, "0", "0", "0"])


def parse_version_prefix(text: str) -> tuple[int, ...] | None:
    """Return the numbers of a version of one to three numbers, such as (8, 4) for ``8.4``; None for another text."""
    return tuple(map(int, text.split("."))) if _PREFIX.fullmatch(text) else None


def format_version(version: Sequence[int]) -> str:
    """Return a version as people write it, such as ``8.0.22``."""
    return ".".join(map(str, version))


def _three(numbers: Sequence[str]) -> Version:
    major, minor, patch = map(int, numbers[:3])
    return major, minor, patch
