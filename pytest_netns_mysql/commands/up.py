"""The command netns-mysql up."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import ONE_TOPOLOGY, add_settings, show_progress

DESCRIPTION = """\
Start a standing server: the next pytest runs with the same settings use it, one at a time, and need not start one. It
ends with `netns-mysql down`, or with the login session."""
EXAMPLES = """\
  netns-mysql up
  netns-mysql up --topology dual-stack --mysqld mariadb"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_settings(parser, "mode", "cache", topology=ONE_TOPOLOGY)
    parser.add_argument(
        "--mysqld",
        metavar="auto|mariadb|PATH",
        help="the server: a mysqld, a mariadbd or a base directory; auto is a MySQL on PATH, else a fetched one; "
        "default auto",
    )


def main(_options: argparse.Namespace, settings: table.Settings) -> int:
    """Start the server, and print a line about it."""
    from pytest_netns_mysql.commands import standingservers

    print(standingservers.up(settings, progress=show_progress))
    return 0
