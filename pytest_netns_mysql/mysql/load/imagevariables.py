"""What the entrypoint of MySQL's official image makes of its variables: a schema, an account, and root for clients.

See "Environment Variables" in the image's documentation.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal
from pytest_netns_mysql.mysql.load.loads import Entry, InSchema, Load, entries_of, folder_of

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.topology import Topology

_VALUES = ("MYSQL_DATABASE", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD", "MYSQL_ROOT_HOST")
_SWITCHES = ("MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD")
_KNOWN = (*_VALUES, *(f"{name}_FILE" for name in _VALUES), *_SWITCHES)
_LOCALHOST = "localhost"


def entries_with_variables(topology: Topology) -> tuple[Entry | Load | InSchema, ...]:
    """Return the entries of ``load`` in a topology, after what its variables make, with the schema of these selected.

    Raises:
        SettingError: A variable is unknown, or its file cannot be read.
    """
    where = f"{topology.source}: mysqld.environment"
    variables = ImageVariables(topology.mysqld.environment, folder_of(topology), where=where)
    entries = entries_of(topology)
    if variables.schema is None:
        return (variables.load(), *entries)
    return (variables.load(), *(InSchema(entry, variables.schema) for entry in entries))


class ImageVariables:
    """The variables of an image's entrypoint.

    The administrator 'root'@'localhost' stays as it is on every server of this plugin. MYSQL_ROOT_PASSWORD is the
    password of root for clients that connect over the network.

    Attributes:
        schema: The schema that is made, and selected for files, or None.
    """

    def __init__(self, variables: Mapping[str, str], folder: Path, *, where: str) -> None:
        """Read the values, also those that stand in files.

        Args:
            variables: The variables by name.
            folder: The folder that relative paths start from.
            where: Where the variables are written, for errors.

        Raises:
            SettingError: A variable is unknown, or its file cannot be read.
        """
        for name in variables:
            if name not in _KNOWN:
                near = difflib.get_close_matches(name, _KNOWN, n=1)
                raise SettingError(
                    f"the variable {name} is not used here",
                    where=where,
                    tried=[f"used: {', '.join((*_VALUES, *_SWITCHES))}, and the first five with _FILE"],
                    remedies=[f"write {near[0]}" if near else "remove it"],
                )
        self._values = {
            name: variables[name] if name in variables else _content(variables[f"{name}_FILE"], folder, where)
            for name in _VALUES
            if name in variables or f"{name}_FILE" in variables
        }
        if self._values.get("MYSQL_USER") == "root":
            raise SettingError(
                "MYSQL_USER is root, which the image refuses: it takes the name of another account",
                where=where,
                remedies=["remove MYSQL_USER and MYSQL_PASSWORD: MYSQL_ROOT_PASSWORD makes 'root'@'%'"],
            )
        self._switches = [name for name in _SWITCHES if variables.get(name)]
        self.schema: str | None = self._values.get("MYSQL_DATABASE") or None

    def load(self) -> Load:
        """Return what makes the schema and the accounts."""
        return Load("the variables of the image", function=_executes(tuple(self.statements())))

    def statements(self) -> list[str]:
        """Return the statements that make the schema and the accounts."""
        found = []
        if self.schema is not None:
            found.append(f"CREATE DATABASE IF NOT EXISTS {identifier(self.schema)}")
        host = self._values.get("MYSQL_ROOT_HOST", "%")
        password = self._values.get("MYSQL_ROOT_PASSWORD") or None
        if password is None and "MYSQL_ALLOW_EMPTY_PASSWORD" in self._switches:
            password = ""
        if host and host != _LOCALHOST and password is not None:
            root = f"{literal('root')}@{literal(host)}"
            found.append(f"CREATE USER {root} IDENTIFIED BY {literal(password)}")
            found.append(f"GRANT ALL ON *.* TO {root} WITH GRANT OPTION")
        user = self._values.get("MYSQL_USER")
        if user and self._values.get("MYSQL_PASSWORD"):
            account = f"{literal(user)}@{literal('%')}"
            found.append(f"CREATE USER {account} IDENTIFIED BY {literal(self._values['MYSQL_PASSWORD'])}")
            if self.schema is not None:
                found.append(f"GRANT ALL ON {identifier(self.schema, pattern=True)}.* TO {account}")
        return found


@cache
def _executes(statements: tuple[str, ...]) -> Callable[[Any], object]:
    """Return a function that runs statements on a connection, the same for the same statements.

    Its digest differs if they do.
    """

    def make(connection: Any) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return make


def _content(file: str, folder: Path, where: str) -> str:
    """Return the text of a file without the line breaks at its end, as a shell's $(<FILE) does."""
    try:
        return paths.absolute(file, folder).read_text("utf-8").rstrip("\n")
    except (OSError, ValueError) as error:
        raise SettingError(
            f"the file {file} cannot be read: {getattr(error, 'strerror', None) or error}",
            where=where,
            remedies=["write the file, or correct the path"],
        ) from error
