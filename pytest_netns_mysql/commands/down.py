"""The command netns-mysql down."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table

DESCRIPTION = """\
End standing servers, and wait until they have ended."""
EXAMPLES = """\
  netns-mysql down
  netns-mysql down 4711"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "pids",
        nargs="*",
        type=int,
        metavar="PID",
        help="The process id of a server, as `netns-mysql ls` shows it. Default: all servers.",
    )


def main(options: argparse.Namespace, _settings: table.Settings) -> int:
    """End the servers, and print a line for each."""
    from pytest_netns_mysql.commands import standingservers

    print(standingservers.down(options.pids))
    return 0
