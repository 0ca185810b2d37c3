"""The command netns-mysql shell."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table

DESCRIPTION = """\
Enter a running session from another terminal: its user, mount and network namespaces. Programs that you start there
have the capabilities of the session, so `ip netns exec`, `ip link` and `tcpdump` work without root. `mysql` needs no
arguments: it connects as the account of the running test, or else as the administrator. Without CMD, your $SHELL is
started. With CMD, the exit code is that of CMD. `netns-mysql ps` lists the sessions."""
EXAMPLES = """\
  netns-mysql shell
  netns-mysql shell red
  netns-mysql shell red -- ip address
  netns-mysql shell blue --pid 4711 -- mysql -e 'SELECT USER()'"""
TAKES_COMMAND = True


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.usage = "netns-mysql shell [--pid PID] [NS] [-- CMD...]"
    parser.add_argument(
        "namespace", nargs="?", metavar="NS", help="The namespace to enter. Default: the running test's, else global."
    )
    parser.add_argument(
        "--pid", type=int, metavar="PID", help="The session's process id. Needed if there are several sessions."
    )


def main(options: argparse.Namespace, _settings: table.Settings) -> int:
    """Enter the session, and become the command."""
    from pytest_netns_mysql.commands.entering import choose, namespace_of, run_inside

    session = choose(options.pid)
    return run_inside(session, namespace_of(session, options.namespace), options.argv)
