"""The command netns-mysql up."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, add_topology, show_progress

DESCRIPTION = """\
Start a standing server. The next pytest runs with the same settings use this server, one run at a time, and need not
start a server. The standing server ends with `netns-mysql down`, or with the login session."""
EXAMPLES = """\
  netns-mysql up
  netns-mysql up --topology dual-stack --mysqld mariadb"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_topology(parser)
    add_settings(parser, "mode", "cache")
    parser.add_argument(
        "--mysqld",
        metavar="auto|mariadb|PATH",
        help="The server: auto, mariadb, or the path of a mysqld, of a mariadbd, or of a folder with bin/mysqld. auto "
        "is a MySQL on PATH, else a fetched one. Default: auto.",
    )


def main(_options: argparse.Namespace, settings: table.Settings) -> int:
    """Start the server, and print a line about it."""
    from pytest_netns_mysql.commands import standingservers

    print(standingservers.up(settings, progress=show_progress))
    return 0
