"""The command netns-mysql ls."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import as_json, as_table, clock_time

DESCRIPTION = """\
List the standing servers of this user, which `netns-mysql up` or `pytest --netns-reuse=always` started. Each line shows
the process id, the server, the topology, the start time, and whether a run uses the server now."""
EXAMPLES = """\
  netns-mysql ls
  netns-mysql ls --json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")


def main(options: argparse.Namespace, _settings: table.Settings) -> int:
    """Print the standing servers."""
    from pytest_netns_mysql.commands import standingservers

    rows = standingservers.ls()
    if options.json:
        print(as_json(rows))
        return 0
    titles = {"pid": "PID", "server": "SERVER", "topology": "TOPOLOGY", "since": "SINCE", "state": "STATE"}
    shown = [row | {"since": "?" if row["since"] is None else clock_time(row["since"])} for row in rows]
    cells = [["?" if row[key] is None else str(row[key]) for key in titles] for row in shown]
    print(as_table([*titles.values()], cells) if rows else standingservers.NONE)
    return 0
