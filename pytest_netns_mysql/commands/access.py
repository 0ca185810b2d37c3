"""The command netns-mysql access: who may log in from where, by the accounts in SQL files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql import paths
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, add_topology, as_json, show_progress
from pytest_netns_mysql.commands.ownserver import Progress, start_server, startable_kind
from pytest_netns_mysql.errors import SettingError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.accessmatrix import AccessMatrix
    from pytest_netns_mysql.mysql.server import MySQLServer

DESCRIPTION = """\
Print who may log in from where, by the accounts in SQL files: a table of users and namespaces.

The command loads the files into a new server, which listens where the topology says and ends with the command. Any SQL
with accounts will do: a schema with its accounts, `mysqldump --users`, `mariadb-dump --system=users`, the output of
pt-show-grants, or a full dump. Without files, the server is loaded with what the topology names, such as the variables
and the init folder of a compose file.

Each cell of the table names the account that the server picks, or the number of the server's error and the reason.
Accounts that are hidden by a more specific account are listed below the table."""
EXAMPLES = """\
  netns-mysql access schema.sql
  netns-mysql access accounts.sql --topology nat --user app
  netns-mysql access --topology compose.yaml
  netns-mysql access schema.sql accounts.sql --mysqld mariadb --format markdown"""
_WHERE = "netns-mysql access"
_FORMATS = ("text", "markdown", "json")
# What a dump from another server may need: versions that do not know an option ignore it.
_OPTIONS = {"loose_mysql_native_password": True}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="An SQL file. Several files are loaded in this order.")
    add_settings(parser, "mode")
    add_topology(parser)
    parser.add_argument(
        "--mysqld",
        metavar="auto|mariadb|PATH|docker://IMAGE",
        help="The server that the files are loaded into, as a value of netns_mysqld. Default: auto.",
    )
    add_settings(parser, "cache")
    parser.add_argument(
        "--user",
        action="append",
        dest="users",
        metavar="USER",
        help="A user to show. Repeat the option for several users. Default: all users that the files create.",
    )
    parser.add_argument("--format", choices=_FORMATS, default=_FORMATS[0], help=f"The format. Default: {_FORMATS[0]}.")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Print the table."""
    print(access(options.files, settings, users=options.users, form=options.format, progress=show_progress))
    return 0


def access(
    files: Sequence[str], settings: table.Settings, *, users: Sequence[str] | None, form: str, progress: Progress
) -> str:
    """Return who may log in from where, by the accounts that SQL files create on a new server.

    Args:
        files: The paths of the SQL files, in the order of loading; none for what the topology names.
        settings: The settings of the sandbox, the topology and the server.
        users: The users to show, by default all that the files create.
        form: ``text``, ``markdown`` or ``json``.
        progress: Shows a line of text to the user.

    Raises:
        LoadError: A file cannot be loaded. The error has the file and the line.
        SettingError: A file does not exist, or the files create no accounts.
        NetnsError: The sandbox or the server cannot be started.
    """
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.topology.file.load import load

    _check(files)
    topology = load(settings.topology)
    if not files and not (topology.mysqld.load or topology.mysqld.environment):
        raise SettingError(
            f"no SQL file was named, and the topology {topology.name} names none",
            where=_WHERE,
            remedies=["name the file with the accounts: netns-mysql access schema.sql"],
        )
    # Before the sandbox is entered, because nothing can be fetched from inside.
    kind = startable_kind(
        settings,
        progress,
        topology,
        what_stays="the accounts in the files",
        where=_WHERE,
        remedies=["choose a server that this plugin starts: --mysqld auto"],
    )
    network = Network(Sandbox.create(settings.mode), topology)
    server = start_server(kind, network, settings, progress, options=_OPTIONS, loads=not files)
    try:
        matrix = _loaded(server, files, users, progress)
    finally:
        server._discard()
    if form == "json":
        return as_json(matrix.as_dict())
    return matrix.as_markdown() if form == "markdown" else matrix.as_text()


def _check(files: Sequence[str]) -> None:
    for file in files:
        why = paths.why_not_there(paths.absolute(file))
        if why is not None:
            raise SettingError(f"the file {file} {why}", where=_WHERE, remedies=["correct the path"])


def _loaded(server: MySQLServer, files: Sequence[str], users: Sequence[str] | None, progress: Progress) -> AccessMatrix:
    from pytest_netns_mysql.mysql.load.loads import find_loads
    from pytest_netns_mysql.mysql.seed.accountloader import AccountLoader

    loader = AccountLoader(server, progress)
    for found in find_loads([paths.absolute(file) for file in files], where=_WHERE):
        loader.load(found)
    matrix = server.access_matrix(users)
    if not matrix.users:
        raise SettingError(
            f"{', '.join(files) or 'what the topology names'} created no account that can log in",
            where=_WHERE,
            remedies=[
                "name the file with the CREATE USER statements, after the file with the schema",
                "dump the accounts: mysqldump --users, mariadb-dump --system=users, or pt-show-grants",
            ],
        )
    return matrix
