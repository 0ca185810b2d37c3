"""The command netns-mysql run."""

from __future__ import annotations

import argparse
import sys

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import USAGE, add_settings, add_topology, show_progress
from pytest_netns_mysql.endpoint import GLOBAL

DESCRIPTION = """\
Run a command in a new sandbox, which has the namespaces of a topology and a private /run/netns. With --mysqld, a server
runs in the sandbox, too. The sandbox and the server end with the command. The exit code is that of the command."""
EXAMPLES = """\
  netns-mysql run -- ip netns list
  netns-mysql run --netns red -- ip address
  netns-mysql run --mysqld --netns red -- mysql --user=red_user
  netns-mysql run --topology nat -- bash"""
USAGE_LINE = (
    "netns-mysql run [--topology T] [--netns NS] [--mysqld [auto|mariadb|PATH]] [--mode M] [--cache DIR] -- CMD..."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.usage = USAGE_LINE
    add_topology(parser)
    add_settings(parser, "mode", "cache")
    parser.add_argument(
        "--netns", metavar="NS", default=GLOBAL, help="The namespace that the command runs in. Default: global."
    )
    parser.add_argument(
        "--mysqld",
        nargs="?",
        const="auto",
        metavar="auto|mariadb|PATH",
        help="Start a server, too, with an account for each namespace, such as red_user. The accounts have no "
        "password.",
    )
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD...", help="The command and its arguments.")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Run the command; return its exit code."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        print("netns-mysql: run needs a command: netns-mysql run --netns red -- ip address", file=sys.stderr)
        return USAGE
    from pytest_netns_mysql.commands.sandboxed import run

    return run(argv, settings, netns=options.netns, with_server=options.mysqld is not None, progress=show_progress)
