"""The command netns-mysql run."""

from __future__ import annotations

import argparse
import sys

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import ONE_TOPOLOGY, USAGE, add_settings, show_progress
from pytest_netns_mysql.endpoint import GLOBAL

DESCRIPTION = """\
Run a command in a new sandbox: in the namespaces of a topology, with a private /run/netns, and with a server if you
ask for one. The sandbox and the server end with the command, whose exit code is returned."""
EXAMPLES = """\
  netns-mysql run -- ip netns list
  netns-mysql run --netns red -- ip address
  netns-mysql run --mysqld --netns red -- mysql --user=red_user
  netns-mysql run --topology nat -- bash"""
USAGE_LINE = "netns-mysql run [--topology T] [--netns NS] [--mysqld [auto|PATH]] [--mode M] [--cache DIR] -- CMD..."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.usage = USAGE_LINE
    add_settings(parser, "mode", "cache", topology=ONE_TOPOLOGY)
    parser.add_argument(
        "--netns", metavar="NS", default=GLOBAL, help="the namespace that the command runs in; default global"
    )
    parser.add_argument(
        "--mysqld",
        nargs="?",
        const="auto",
        metavar="auto|PATH",
        help="also start a server, with an account for each namespace, which ends with the command",
    )
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD...", help="the command and its arguments")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Run the command; return its exit code."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        print("netns-mysql: run needs a command: netns-mysql run --netns red -- ip address", file=sys.stderr)
        return USAGE
    from pytest_netns_mysql.commands.sandboxed import run

    return run(argv, settings, netns=options.netns, with_server=options.mysqld is not None, progress=show_progress)
