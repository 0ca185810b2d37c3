"""Run MySQL's own client programs: their command line, and a private option file, which holds the password."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.accounts import Account

# The client programs that take --network-namespace; see the manual, "Network Namespace Support".
_WITH_NAMESPACE = ("mysql", "mysqlxtest")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}


def kind_of_program(program: str) -> str:
    """Return the kind of endpoint that a client program connects to."""
    return "mysqlx" if Path(program).name == "mysqlxtest" else "mysql"


def write(folder: Path, groups: Mapping[str, Mapping[str, str]]) -> Path:
    """Write an option file that its owner alone can read; see the manual, "Using Option Files"."""
    lines = []
    for group, options in groups.items():
        lines += [f"[{group}]", *(f"{name}={_quoted(value)}" for name, value in options.items())]
    descriptor, name = tempfile.mkstemp(prefix="client-", suffix=".cnf", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return Path(name)


def groups_of(account: Account, endpoint: Endpoint) -> dict[str, dict[str, str]]:
    """Return what the option file says: who connects, where to, and to which schema."""
    client = {"user": account.user, "password": account.password, "host": endpoint.address, "port": str(endpoint.port)}
    if account.schema is None:
        return {"client": client}
    # Each program reads its own group, and mysqldump knows neither option.
    return {"client": client, "mysql": {"database": account.schema}, "mysqlxtest": {"schema": account.schema}}


def argv(program: str, arguments: Sequence[str], file: Path, namespace: str) -> list[str]:
    """Return the command line of a client program that reads ``file``, before its own ``arguments``.

    Raises ClientError where an argument would have the program read another file.
    """
    name = Path(program).name
    for argument in arguments:
        if argument.startswith(("--defaults-", "--no-defaults")):
            raise ClientError(
                f"{argument}: the account stands in an option file of its own, which this would leave unread",
                where=f"netns_argv({name!r}, ...)",
                remedies=["leave it out", "or run netns_mysqld.program(...) with arguments of your own"],
            )
    enters = [f"--network-namespace={namespace}"] if name in _WITH_NAMESPACE and namespace != GLOBAL else []
    return [program, f"--defaults-file={file}", *enters, *arguments]


def _quoted(value: str) -> str:
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value) + '"'
