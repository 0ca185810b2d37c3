"""Private option files of MySQL's client programs: they hold the password, which no command line may show."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import ClientError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}


def write(folder: Path, groups: Mapping[str, Mapping[str, str]]) -> Path:
    """Write an option file that only its owner can read, and return its path.

    See the manual, "Using Option Files".

    Args:
        folder: The folder for the file.
        groups: The options of each group.

    Raises:
        ClientError: A value has a NUL.
    """
    if any("\0" in value for options in groups.values() for value in options.values()):
        raise ClientError(
            "an option file cannot have a NUL: client programs would stop reading there",
            remedies=["leave the NUL out"],
        )
    lines = []
    for group, options in groups.items():
        lines += [f"[{group}]", *(f"{name}={_quoted(value)}" for name, value in options.items())]
    descriptor, name = tempfile.mkstemp(prefix="client-", suffix=".cnf", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return Path(name)


def as_administrator(server: Instance) -> list[str]:
    """Return the arguments by which a client program connects as the administrator, over the private socket.

    A password goes into an option file in the server's private folder, never onto the command line.
    """
    known = server._administrator.account
    if not known["password"]:
        return ["--no-defaults", f"--user={known['user']}", f"--socket={server.socket}"]
    with server.network[GLOBAL]:
        file = write(server.folder, {"client": {**known, "socket": str(server.socket)}})
    return [f"--defaults-file={file}"]


def _quoted(value: str) -> str:
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value) + '"'
